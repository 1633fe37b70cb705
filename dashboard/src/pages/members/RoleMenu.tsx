import { ChevronDown } from 'lucide-react';
import type { Member } from '@/api/client';
import { useChangeRole } from '@/api/settings';
import { useScope } from '@/frame/scope';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { Menu, MenuChoice } from '@/ui/Menu';
import { FormError } from '@/ui/Notice';
import { toast } from '@/ui/Toasts';
import css from './Members.module.css';
import { roleName, rolesUpTo } from './roles';

/** A member's role; a menu of roles where it may be changed. */
export function RoleMenu({
  member,
  name,
  mayChange,
}: {
  member: Member;
  name: string;
  mayChange: boolean;
}) {
  const { org } = useScope();
  const change = useChangeRole(org.id);
  if (!mayChange) {
    return (
      <span className={css.role}>
        <Badge>{roleName(member.role)}</Badge>
      </span>
    );
  }
  return (
    <>
      <span className={css.role}>
        <Menu
          trigger={
            <Button
              size="small"
              disabled={change.isPending}
              aria-label={`Role of ${name}: ${roleName(member.role)}`}
            >
              {roleName(member.role)}
              <ChevronDown size={14} aria-hidden="true" />
            </Button>
          }
        >
          <MenuChoice
            label="Role"
            value={member.role}
            choices={rolesUpTo(org.role).map(({ value, label, may }) => ({
              value,
              label: (
                <span className={css.choice}>
                  {label}
                  <span className={css.may}>{may}</span>
                </span>
              ),
            }))}
            onChange={(role) =>
              role !== member.role &&
              change.mutate(
                { member, role },
                { onSuccess: () => toast(`${name} is ${roleName(role).toLowerCase()} now`) },
              )
            }
          />
        </Menu>
      </span>
      {change.error && (
        <div className={css.error}>
          <FormError error={change.error} />
        </div>
      )}
    </>
  );
}
