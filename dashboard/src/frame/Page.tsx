import { Search } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { IconButton } from '@/ui/Button';
import { AccountMenu } from './AccountMenu';
import css from './Page.module.css';
import { useOpenPalette } from './pages';

/** Where the focus goes when what had it is gone. */
export const TITLE_ID = 'page-title';

/** One page: its title and tools in the top bar, its content below. */
export function Page({
  title,
  tools,
  filling,
  children,
}: {
  title: string;
  tools?: ReactNode;
  /** As high as the window, with parts that scroll by themselves. */
  filling?: boolean;
  children: ReactNode;
}) {
  const openPalette = useOpenPalette();
  useEffect(() => {
    document.title = `${title} · doteb`;
  }, [title]);
  return (
    <>
      <header className={css.top}>
        <h1 id={TITLE_ID} className={css.title} tabIndex={-1}>
          {title}
        </h1>
        <div className={css.tools}>{tools}</div>
        <div className={css.always}>
          <button type="button" className={css.search} onClick={openPalette}>
            <Search size={14} aria-hidden="true" />
            <span>Search</span>
            <kbd>Ctrl K</kbd>
          </button>
          <span className={css.searchIcon}>
            <IconButton label="Search" onClick={openPalette}>
              <Search size={16} />
            </IconButton>
          </span>
          <AccountMenu />
        </div>
      </header>
      <main id="content" className={css.content} tabIndex={-1} data-filling={filling}>
        {children}
      </main>
    </>
  );
}
