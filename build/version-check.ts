/** The first statement of a program: one line and the end, where node is too old to run the rest. Pure. */

/**
 * JavaScript that any Node reads, to stand behind any statement. `needed` is `engines.node` of package.json, of the form
 * ">=MAJOR.MINOR"; `failed` is the exit code. @throws Error for any other form.
 */
export function versionCheck(program: string, needed: string, failed: number): string {
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(needed) ?? [];
  if (major === undefined || minor === undefined) throw new Error(`engines.node is ${needed}`);
  const words = `"${program}: "+process.execPath+" is Node "+v.join(".")+"; install Node ${major}.${minor} or newer there\\n"`;
  return (
    `;(function(){var v=process.versions.node.split(".");if(v[0]>${major}||v[0]==${major}&&v[1]>=${minor})return;` +
    `require("fs").writeSync(2,${words});process.exit(${failed})})();`
  );
}
