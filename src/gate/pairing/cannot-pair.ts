/** Why a grant was not made, or not taken back, in a sentence or two: nothing was changed. */
export class CannotPair extends Error {}
