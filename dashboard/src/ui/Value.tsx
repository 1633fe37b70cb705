import { useRef, useState } from 'react';
import { copyText } from '@/lib/clipboard';
import { cx } from './cx';
import { Tip } from './Tip';
import css from './Value.module.css';

/** A short form that shows the exact one on hover and copies it on click. */
export function Value({
  short,
  exact,
  copy = exact,
  mono,
}: {
  short: string;
  exact: string;
  copy?: string;
  mono?: boolean;
}) {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const onClick = async () => {
    await copyText(copy);
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), 1500);
  };
  return (
    <Tip text={copied ? 'Copied' : `${exact} · click to copy`}>
      <button type="button" className={cx(css.value, mono && css.mono)} onClick={onClick}>
        {short}
        {copied && (
          <span className="visually-hidden" role="status">
            Copied
          </span>
        )}
      </button>
    </Tip>
  );
}
