// What the API says of a field, as it is written beside that field.

/** "secret: the provider refused it." under the label Secret is "The provider refused it." */
export function besideField(message: string): string {
  const said = message.replace(/^[a-z][\w.[\]]*: /, '');
  return said.charAt(0).toUpperCase() + said.slice(1);
}
