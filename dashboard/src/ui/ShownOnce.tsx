import { CopyButton } from './Copy';
import css from './ShownOnce.module.css';

/** What is shown now and never again, to be copied. */
export function ShownOnce({
  what,
  text,
  onCopied,
}: {
  what: 'key' | 'secret' | 'token';
  text: string;
  onCopied: () => void;
}) {
  return (
    <div className={css.secret}>
      <code data-testid={`new-${what}`}>{text}</code>
      <CopyButton look="primary" text={text} label={`Copy ${what}`} onCopied={onCopied} />
    </div>
  );
}
