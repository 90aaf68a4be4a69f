import { useInfiniteQuery } from "@tanstack/react-query";
import { get, type Query } from "./call";

/** A keyset list: `next` is the cursor of the page that follows. */
export interface Paged<T> {
  items: T[];
  next: string | number | null;
  total: number | null;
}

interface Options {
  refetchInterval?: number;
  enabled?: boolean;
  /** The parameter that takes the cursor. */
  cursor?: "after" | "before";
}

/** Page after page of a list, each found by the cursor of the one before. */
export function usePages<T>(path: string, query: Query = {}, { cursor = "after", ...options }: Options = {}) {
  return useInfiniteQuery({
    queryKey: [path, query],
    queryFn: ({ pageParam }) => get<Paged<T>>(path, { ...query, [cursor]: pageParam }),
    initialPageParam: null as string | number | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (previous) => previous,
    ...options,
  });
}

export function itemsOf<T>(data: { pages: Paged<T>[] } | undefined): T[] {
  return data?.pages.flatMap((page) => page.items) ?? [];
}
