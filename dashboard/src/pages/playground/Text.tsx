// An answer as text: code between fences as code, all else as it is. Nothing of it is ever HTML.
import { Code } from '@/ui/Code';
import css from './Answer.module.css';

export type Block = { code: boolean; language: string; text: string };

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: Block = { code: false, language: '', text: '' };
  const close = (next: Block) => {
    if (open.text.trim()) blocks.push({ ...open, text: open.text.replace(/^\n+|\n+$/g, '') });
    open = next;
  };
  for (const line of text.split('\n')) {
    const fence = /^\s*```\s*([\w+#.-]*)/.exec(line);
    if (fence && (!open.code || line.trim() === '```')) {
      close({ code: !open.code, language: open.code ? '' : (fence[1] ?? ''), text: '' });
    } else open.text += `${line}\n`;
  }
  close(open);
  return blocks;
}

/** `name` tells its code from that of other answers. */
export function Text({ text, name }: { text: string; name: string }) {
  return blocksOf(text).map((block, i) =>
    block.code ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks only grow at the end
      <Code key={i} text={block.text} label={`${block.language || 'code'} ${i + 1} of ${name}`} />
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: blocks only grow at the end
      <p key={i} className={css.text}>
        {block.text}
      </p>
    ),
  );
}
