import { LogOut, Plus, UserRound } from 'lucide-react';
import { useEffect } from 'react';
import { Button, ButtonLink } from '@/ui/Button';
import { Empty } from '@/ui/Notice';
import { useSignOut } from './AccountMenu';
import { Alone } from './Frame';
import css from './Frame.module.css';
import { useOrganisationDialogs } from './OrganisationPicker';
import { useSession } from './scope';

/** Where somebody lands who is a member of nothing: the last one was left or archived, or they were removed. */
export function NoOrganisation() {
  const { user } = useSession();
  const { onNew, dialog } = useOrganisationDialogs();
  const signOut = useSignOut();
  useEffect(() => {
    document.title = 'No organisation · doteb';
  }, []);
  return (
    <Alone>
      <Empty
        title="You are in no organisation"
        action={
          <div className={css.ways}>
            <Button look="primary" onClick={onNew}>
              <Plus size={14} /> New organisation
            </Button>
            <ButtonLink to="/account">
              <UserRound size={14} /> Your account
            </ButtonLink>
            <Button onClick={() => void signOut()}>
              <LogOut size={14} /> Sign out
            </Button>
          </div>
        }
      >
        {user.email} is a member of none. Make one of your own, or ask an owner to invite this
        address and open the invitation’s link.
      </Empty>
      {dialog}
    </Alone>
  );
}
