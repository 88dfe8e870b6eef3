/** Parts of outputs that are written again and again: the encoder keeps their bytes for as long as they live. */
const lasting = new WeakSet<object>();

/** Says of a structure in a list of an output that it will come again, and that neither it nor anything in it ever changes. */
export function markLasting<Structure extends object>(structure: Structure): Structure {
  lasting.add(structure);
  return structure;
}

export function isLasting(structure: object): boolean {
  return lasting.has(structure);
}
