// New requests by server-sent events, while the page is looked at. The browser reconnects by itself
// and says which event it saw last; a stream that was refused is asked for again after a while.
import { useEffect, useRef, useState } from 'react';
import type { Request } from '@/api/client';
import { filterParameters, type RequestFilters } from '@/api/queries';

const GATHER_MS = 150; // rows that come together are shown together
const AGAIN_MS = 5000;
const SAY_AFTER_MS = 5000;

type Handlers = {
  onRows: (rows: Request[]) => void;
  /** Rows may be missing: read the newest page. */
  onReload: () => void;
};

/** True when no stream has been there for a while. */
export function useLive(
  org: string,
  filters: RequestFilters,
  on: boolean,
  handlers: Handlers,
): boolean {
  const [lost, setLost] = useState(false);
  const latest = useRef(handlers);
  latest.current = handlers;
  const query = new URLSearchParams(
    Object.entries(filterParameters(filters)).map(([name, value]) => [name, String(value)]),
  ).toString();

  useEffect(() => {
    if (!on) return;
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let gather: ReturnType<typeof setTimeout> | undefined;
    let say: ReturnType<typeof setTimeout> | undefined;
    let rows: Request[] = [];
    const flush = () => {
      gather = undefined;
      latest.current.onRows(rows);
      rows = [];
    };
    const close = () => {
      source?.close();
      source = undefined;
      clearTimeout(again);
    };
    const open = () => {
      close();
      // A tab that nobody sees holds no connection: a browser has few for one host.
      if (document.hidden) return;
      source = new EventSource(`/api/v1/organisations/${org}/requests/events?${query}`);
      source.addEventListener('request', (event) => {
        rows.push(JSON.parse(event.data) as Request);
        gather ??= setTimeout(flush, GATHER_MS);
      });
      source.addEventListener('reload', () => latest.current.onReload());
      source.onopen = () => {
        clearTimeout(say);
        say = undefined;
        setLost(false);
      };
      source.onerror = () => {
        say ??= setTimeout(() => setLost(true), SAY_AFTER_MS);
        if (source?.readyState !== EventSource.CLOSED) return;
        close();
        latest.current.onReload(); // says why, if it is the session
        again = setTimeout(open, AGAIN_MS);
      };
    };
    open();
    document.addEventListener('visibilitychange', open);
    return () => {
      document.removeEventListener('visibilitychange', open);
      clearTimeout(gather);
      clearTimeout(say);
      close();
      setLost(false);
    };
  }, [org, query, on]);
  return lost;
}
