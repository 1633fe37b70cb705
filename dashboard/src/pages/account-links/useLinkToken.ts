import { useEffect, useState } from 'react';

/** What stands behind the # of a mail's link; it is taken out of the address bar and the history. */
export function useLinkToken(): string {
  const [token] = useState(() => location.hash.slice(1));
  useEffect(() => {
    if (location.hash) history.replaceState(history.state, '', location.pathname);
  }, []);
  return token;
}
