/** What is open in a dialog, as the list has it now; as it was if the list has it no longer. */
export function newest<T extends { id: string }>(
  list: T[] | undefined,
  open: T | undefined,
): T | undefined {
  return open && (list?.find(({ id }) => id === open.id) ?? open);
}
