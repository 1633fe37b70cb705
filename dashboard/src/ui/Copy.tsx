import { Check, Copy as CopyIcon, type LucideIcon } from 'lucide-react';
import { useState } from 'react';
import { copyText } from '@/lib/clipboard';
import { Button, IconButton } from './Button';

function useCopy(text: string) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await copyText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1800);
  };
  return { done, copy };
}

export function CopyIconButton({ text, label }: { text: string; label: string }) {
  const { done, copy } = useCopy(text);
  return (
    <IconButton label={done ? 'Copied' : label} size="small" onClick={copy}>
      {done ? <Check size={14} /> : <CopyIcon size={14} />}
    </IconButton>
  );
}

export function CopyButton({
  text,
  label,
  look = 'secondary',
  icon: Icon = CopyIcon,
  onCopied,
}: {
  text: string;
  label: string;
  look?: 'primary' | 'secondary';
  icon?: LucideIcon;
  onCopied?: () => void;
}) {
  const { done, copy } = useCopy(text);
  return (
    <Button look={look} onClick={() => copy().then(onCopied)}>
      {done ? <Check size={14} /> : <Icon size={14} />}
      <span role="status">{done ? 'Copied' : label}</span>
    </Button>
  );
}
