import { Download } from 'lucide-react';
import { looks } from './Button';

/** What is shown, as a file to keep. */
export function FileLink({ size, ...rest }: { href: string; download: string; size?: 'small' }) {
  return (
    <a {...rest} className={looks({ size })}>
      <Download size={14} aria-hidden="true" /> CSV
    </a>
  );
}
