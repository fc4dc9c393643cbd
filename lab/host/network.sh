# The host's end of the cable. Without a network namespace there is nothing to set up: 127.0.0.0/8 is there.

join_network() {
  if [ "$LAB_NETWORK" != veth ]; then return; fi
  ip link set lo up
  ip address add "$LAB_ADDRESS/24" dev lab0
  ip link set lab0 up
  if [ -z "$LAB_QUICK_LOGINS" ]; then return; fi
  ip route change "${LAB_ADDRESS%.*}.0/24" dev lab0 proto kernel scope link src "$LAB_ADDRESS" quickack 1
}
