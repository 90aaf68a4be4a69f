import { useInfiniteQuery, type QueryKey } from "@tanstack/react-query";
import { call, type Sent } from "./call";

/** A keyset list: `next` is the cursor of the page that follows. */
export interface Paged<T> {
  items: T[];
  next: string | number | null;
  total: number | null;
}

interface Options {
  refetchInterval?: number;
  enabled?: boolean;
}

/** Page after page of a list, each found by the cursor of the one before. */
export function usePages<T, Cursor extends string | number = number>(key: QueryKey, fetchPage: (cursor: Cursor | undefined) => Sent, options: Options = {}) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => call<Paged<T>>(fetchPage(pageParam as Cursor | undefined)),
    initialPageParam: undefined as Cursor | undefined,
    getNextPageParam: (page) => (page.next ?? undefined) as Cursor | undefined,
    placeholderData: (previous) => previous,
    ...options,
  });
}

export function itemsOf<T>(data: { pages: Paged<T>[] } | undefined): T[] {
  return data?.pages.flatMap((page) => page.items) ?? [];
}
