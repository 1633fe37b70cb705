import * as Tabs from '@radix-ui/react-tabs';
import { useState } from 'react';
import { LANGUAGES, type Language, snippet } from '@/lib/snippets';
import css from './Code.module.css';
import { CopyIconButton } from './Copy';

/** One line or a block of code with its copy button. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className={css.block}>
      {/* Scrolls sideways, so the keyboard must reach it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region needs focus */}
      <pre className={css.code} tabIndex={0} role="region" aria-label={label}>
        <code>{text}</code>
      </pre>
      <div className={css.copy}>
        <CopyIconButton text={text} label={`Copy ${label}`} />
      </div>
    </div>
  );
}

/** The same first request in each language. */
export function Snippets({ baseUrl, model }: { baseUrl: string; model: string }) {
  return <CodeTabs code={(language) => snippet(language, baseUrl, model)} />;
}

export function CodeTabs({ code }: { code: (language: Language) => string }) {
  const [language, setLanguage] = useState<Language>('curl');
  return (
    <Tabs.Root
      className={css.tabs}
      value={language}
      onValueChange={(value) => setLanguage(value as Language)}
    >
      <Tabs.List className={css.list} aria-label="Language">
        {LANGUAGES.map((name) => (
          <Tabs.Trigger key={name} value={name} className={css.tab}>
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {LANGUAGES.map((name) => (
        <Tabs.Content key={name} value={name} tabIndex={-1}>
          <Code text={code(name)} label={`${name} snippet`} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
