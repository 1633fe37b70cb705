import { Ban, Megaphone } from 'lucide-react';
import css from './Banner.module.css';
import { useOrganisation, useSession } from './scope';

/** Above every page: that the organisation is suspended, and what the operator has to say. */
export function Banner() {
  const { announcement } = useSession();
  const org = useOrganisation();
  return (
    <>
      {org?.suspended && (
        <div className={`${css.banner} ${css.bad}`} role="alert">
          <Ban size={15} aria-hidden="true" />
          <span>
            <b>{org.name} is suspended by the operator:</b> {org.suspended.reason} Until it may go
            on, its API keys are refused and nothing can be made or changed here.
          </span>
        </div>
      )}
      {announcement && (
        <div className={css.banner} role="status">
          <Megaphone size={15} aria-hidden="true" />
          <span>{announcement}</span>
        </div>
      )}
    </>
  );
}
