import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, CSRF, read } from '@/api/client';
import { sessionsQuery } from '@/api/queries';
import { agentName } from '@/lib/agent';
import { ago, whenExact } from '@/lib/format';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Failed, FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import css from './AccountPage.module.css';

/** Where the person is signed in, and signing out there. */
export function Sessions() {
  const sessions = useQuery(sessionsQuery);
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: (id: string | undefined) =>
      id
        ? read(api.DELETE('/api/v1/account/sessions/{id}', { params: { path: { id }, ...CSRF } }))
        : read(api.DELETE('/api/v1/account/sessions', { params: CSRF })),
    onSuccess: (_, id) => {
      toast(id ? 'Signed out there' : 'Signed out everywhere else');
      return client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
  });
  const items = sessions.data?.items ?? [];
  return (
    <section className={css.group} aria-labelledby="sessions">
      <div className={css.head}>
        <h2 id="sessions">Where you are signed in</h2>
        {items.length > 1 && (
          <Button size="small" onClick={() => end.mutate(undefined)} disabled={end.isPending}>
            Sign out everywhere else
          </Button>
        )}
      </div>
      {sessions.isError && !sessions.data && (
        <Failed error={sessions.error} retry={() => void sessions.refetch()} />
      )}
      {end.error && (
        <div className={css.error}>
          <FormError error={end.error} />
        </div>
      )}
      <ul>
        {items.map((session) => (
          <li key={session.id} className={css.row}>
            <div className={css.label}>
              <div className={css.name}>
                {agentName(session.user_agent)}
                {session.current && <Badge tone="good">this browser</Badge>}
              </div>
              <div className={css.under}>
                <span>{session.ip ?? 'address unknown'}</span>
                <span title={whenExact(session.last_seen_at)}>
                  last seen {ago(session.last_seen_at)}
                </span>
                <span title={whenExact(session.created_at)}>
                  signed in {ago(session.created_at)}
                </span>
              </div>
            </div>
            {!session.current && (
              <Button
                size="small"
                onClick={() => end.mutate(session.id)}
                disabled={end.isPending}
                aria-label={`Sign out ${agentName(session.user_agent)} at ${session.ip ?? 'an unknown address'}`}
              >
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
