import { useNavigate, useSearch } from '@tanstack/react-router';
import { Page } from '@/frame/Page';
import cells from '@/ui/Cells.module.css';
import { Segments } from '@/ui/Segments';
import { Feed } from './Feed';
import { Offers } from './Offers';
import { Versions } from './Versions';

const TABS = [
  { value: 'offers', label: 'Offers' },
  { value: 'imports', label: 'Imports' },
  { value: 'feed', label: 'Feed' },
] as const;

export default function CataloguePage() {
  const { tab = 'offers' } = useSearch({ from: '/signed-in/o/$org/catalogue' });
  const navigate = useNavigate({ from: '/o/$org/catalogue' });
  return (
    <Page title="Catalogue">
      <div className={cells.bar}>
        <Segments
          label="Part of the catalogue"
          value={tab}
          choices={TABS}
          onChange={(value) =>
            void navigate({
              search: { tab: value === 'offers' ? undefined : value },
              replace: true,
            })
          }
        />
      </div>
      {tab === 'offers' ? <Offers /> : tab === 'imports' ? <Versions /> : <Feed />}
    </Page>
  );
}
