// What is asked for again after a change: all that control keeps of the organisation, on whatever
// page it is shown, for counts, lists and the audit log follow from each other.
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError, isChanged } from './client';

const APART = new Set<unknown>([
  // What gateways wrote.
  'requests',
  'request',
  'first-request',
  'find',
  'usage',
  'analytics',
  'failures',
  // What a dialog says of a thing before that goes; asked again, there would be none.
  'api-key-impact',
  'custom-provider-impact',
]);

/** Does a change in the organisation make this question's answer old? */
export const follows = (org: string, [root, of, kind]: QueryKey) =>
  root === 'org' && of === org && !APART.has(kind);

/** What the caller read is not what stands. */
export const isOutdated = (error: unknown) =>
  isChanged(error) || (error instanceof ApiError && (error.status === 404 || error.status === 409));

/**
 * A change in an organisation, after which its state and what is under the `also` keys is asked
 * for again: also when it was refused because somebody else's came first.
 */
export function useChange<In, Out>(
  org: string,
  run: (input: In) => Promise<Out>,
  also: readonly QueryKey[] = [],
) {
  const client = useQueryClient();
  const readAgain = () =>
    Promise.all([
      client.invalidateQueries({ predicate: ({ queryKey }) => follows(org, queryKey) }),
      ...also.map((queryKey) => client.invalidateQueries({ queryKey })),
    ]);
  return useMutation({
    mutationFn: run,
    // Not waited for: who asked hears at once, before what was pressed goes with the old list.
    onSuccess: () => {
      void readAgain();
    },
    onError: (error) => (isOutdated(error) ? readAgain() : undefined),
    // A secret in an answer must not stay in a cache after its dialog is gone.
    gcTime: 0,
  });
}
