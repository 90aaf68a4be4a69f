import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface Paged {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** The next page of a keyset list. */
export function More({ pages }: { pages: Paged }) {
  const { t } = useTranslation();
  if (!pages.hasNextPage) return null;
  return (
    <div style={{ textAlign: "center", padding: 14 }}>
      <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{t("app.more")}</Button>
    </div>
  );
}
