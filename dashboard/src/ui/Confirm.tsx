import { Button } from './Button';
import { DialogActions } from './Dialog';
import { FormError } from './Notice';

type Change = { isPending: boolean; error: Error | null };

/** The end of a dialog that asks: what went wrong, leave it, do it. */
export function Confirm({
  change,
  keep = 'Keep it',
  act,
  acting = act,
  look = 'danger',
  onKeep,
  onAct,
}: {
  /** The mutation behind it. */
  change: Change;
  keep?: string;
  act: string;
  acting?: string;
  look?: 'danger' | 'primary';
  onKeep: () => void;
  onAct: () => void;
}) {
  return (
    <>
      <FormError error={change.error} />
      <DialogActions>
        <Button onClick={onKeep}>{keep}</Button>
        <Button look={look} onClick={onAct} disabled={change.isPending}>
          {change.isPending ? acting : act}
        </Button>
      </DialogActions>
    </>
  );
}
