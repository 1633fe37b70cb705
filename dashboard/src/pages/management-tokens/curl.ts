/** A call that every token with the scope `read` can make. */
export const curlWith = (org: string, token: string): string =>
  `curl ${location.origin}/api/v1/organisations/${org}/projects \\\n  -H 'Authorization: Bearer ${token}'`;
