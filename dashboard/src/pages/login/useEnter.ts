import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type Session, setCsrfToken } from '@/api/client';
import { sessionQuery } from '@/api/queries';

/** Begins a session that the API has just given: nothing of the one before stays. */
export function useEnter() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (session: Session, next?: string) => {
    setCsrfToken(session.csrf_token);
    client.clear();
    client.setQueryData(sessionQuery.queryKey, session);
    return navigate({ href: next ?? '/', replace: true });
  };
}
