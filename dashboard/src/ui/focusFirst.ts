/** A ref: the form's first field has the focus when it appears, for forms that are all there is to do. */
export function focusFirst(form: HTMLFormElement | null): void {
  form?.querySelector('input')?.focus();
}
