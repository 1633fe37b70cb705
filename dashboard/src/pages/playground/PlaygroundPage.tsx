// Chat with any model through the gateway, one or two side by side. The browser calls the gateway
// itself, with the user's own key; control sees nothing of what is said.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Columns2, Eraser, SendHorizontal, Square } from 'lucide-react';
import { useRef, useState } from 'react';
import { Page } from '@/frame/Page';
import { ScopePicker } from '@/frame/ScopePicker';
import { useScope } from '@/frame/scope';
import { usePlaygroundKey } from '@/lib/playgroundKey';
import { requestCode } from '@/lib/snippets';
import type { PlaygroundSearch } from '@/router';
import { Button } from '@/ui/Button';
import { CodeTabs } from '@/ui/Code';
import { cx } from '@/ui/cx';
import { Dialog } from '@/ui/Dialog';
import { useSnippetModel } from '@/ui/useSnippetModel';
import { bodyOf, faultsOf, type Settings } from './body';
import { KeyBox } from './KeyBox';
import { useModelOptions } from './models';
import { Pane } from './Pane';
import css from './PlaygroundPage.module.css';
import { SettingsPanel } from './SettingsPanel';
import { messagesOf, type Ready, useConversation } from './useConversation';

// What is long is kept while the app is open; an address holds the rest.
const long = new Map<string, Pick<Settings, 'system' | 'tools' | 'schema'>>();

export default function PlaygroundPage() {
  const { session, org } = useScope();
  const place = `${session.user.id}.${org.id}`;
  return <Playground key={place} place={place} />;
}

function Playground({ place }: { place: string }) {
  const { session, project } = useScope();
  const search = useSearch({ from: '/signed-in/o/$org/playground' });
  const navigate = useNavigate({ from: '/o/$org/playground' });
  const [key, setKey] = usePlaygroundKey(place);
  const [wanted, setWanted] = useState(false);
  const [draft, setDraft] = useState('');
  const [shown, setShown] = useState<number | null>(null);
  const [texts, setTexts] = useState(
    () => long.get(place) ?? { system: '', tools: '', schema: '' },
  );
  const keyField = useRef<HTMLInputElement>(null);
  const fallback = useSnippetModel(project?.mode);
  const { options, busy: loading } = useModelOptions();
  const talk = useConversation(place);

  const go = (part: Partial<PlaygroundSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  const settings: Settings = {
    ...texts,
    temperature: search.temperature ?? '',
    maxTokens: search.max ?? '',
    effort: search.effort ?? '',
  };
  const faults = faultsOf(settings);
  const models = [search.model ?? fallback, ...(search.beside ? [search.beside] : [])];
  const change = (part: Partial<Settings>) => {
    const { temperature, maxTokens, effort, ...rest } = part;
    if (temperature !== undefined) go({ temperature: temperature || undefined });
    if (maxTokens !== undefined) go({ max: maxTokens || undefined });
    if (effort !== undefined) go({ effort: effort || undefined });
    if (Object.keys(rest).length > 0) {
      const next = { ...texts, ...rest };
      long.set(place, next);
      setTexts(next);
    }
  };

  // All that a request needs, or the reason why not is shown where it is.
  const withReady = (run: (ready: Ready) => void) => {
    setWanted(!key);
    if (!key) keyField.current?.focus();
    else if (Object.keys(faults).length === 0)
      run({ baseUrl: session.gateway_url, secret: key.secret, settings, models });
  };
  const send = () => {
    const text = draft.trim();
    if (!text || talk.busy) return;
    withReady((ready) => {
      setDraft('');
      talk.send(text, ready);
    });
  };
  const code = (pane: number) => {
    const said = messagesOf(talk.panes[pane] ?? []);
    const ends = said.at(-1)?.role === 'user' || said.at(-1)?.role === 'tool';
    const next = ends ? [] : [{ role: 'user' as const, content: draft.trim() || 'Hello!' }];
    const right = Object.keys(faults).length === 0;
    const used = right ? settings : { ...settings, tools: '', schema: '' };
    return bodyOf(models[pane] ?? '', used, [...said, ...next]);
  };

  return (
    <Page
      title="Playground"
      filling
      tools={
        <>
          {talk.panes.some((items) => items.length > 0) && (
            <Button look="ghost" onClick={talk.clear}>
              <Eraser size={14} aria-hidden="true" /> Clear
            </Button>
          )}
          {models.length === 1 && (
            <Button look="ghost" onClick={() => go({ beside: models[0] })}>
              <Columns2 size={14} aria-hidden="true" /> Compare
            </Button>
          )}
          <ScopePicker all />
        </>
      }
    >
      <div className={css.page}>
        <div className={css.main}>
          <div className={cx(css.panes, models.length > 1 && css.two)}>
            {models.map((model, pane) => (
              <Pane
                // biome-ignore lint/suspicious/noArrayIndexKey: the first and the one beside it
                key={pane}
                model={model}
                options={options}
                busy={loading}
                items={talk.panes[pane] ?? []}
                onModel={(next) => go(pane === 0 ? { model: next } : { beside: next })}
                onRemove={models.length > 1 ? () => go(without(pane, models)) : undefined}
                onCode={() => setShown(pane)}
                onAgain={() => withReady((ready) => talk.again(pane, ready))}
                onResults={(results) =>
                  withReady((ready) => talk.sendResults(pane, results, ready))
                }
              />
            ))}
          </div>
          <form
            className={css.composer}
            onSubmit={(event) => {
              event.preventDefault();
              send();
            }}
          >
            <textarea
              className={css.draft}
              aria-label="Message"
              placeholder="Message; Enter sends, Shift Enter makes a line"
              rows={3}
              value={draft}
              onChange={(event) => setDraft(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing)
                  return;
                event.preventDefault();
                send();
              }}
            />
            {talk.busy ? (
              <Button onClick={talk.stop}>
                <Square size={13} aria-hidden="true" /> Stop
              </Button>
            ) : (
              <Button type="submit" look="primary" disabled={!draft.trim()}>
                <SendHorizontal size={14} aria-hidden="true" /> Send
              </Button>
            )}
          </form>
        </div>
        <SettingsPanel settings={settings} faults={faults} onChange={change}>
          <KeyBox
            apiKey={key}
            onKey={(next) => {
              setKey(next);
              setWanted(false);
            }}
            wanted={wanted}
            field={keyField}
          />
        </SettingsPanel>
      </div>
      {shown !== null && (
        <Dialog title="This request as code" onClose={() => setShown(null)}>
          <CodeTabs code={(language) => requestCode(language, session.gateway_url, code(shown))} />
        </Dialog>
      )}
    </Page>
  );
}

// What stays is the first.
function without(pane: number, models: string[]): Partial<PlaygroundSearch> {
  return pane === 0 ? { model: models[1], beside: undefined } : { beside: undefined };
}
