import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  couponsAddCodes, couponsArchivePool, couponsCreatePool, couponsFindGiven, couponsFindPools, couponsGetPool, couponsRestorePool,
  type CouponCodesTaken, type CouponPoolMade, type CouponPools, type CouponPoolShown, type CouponShown,
} from "@/api/generated";
import { usePages } from "@/api/page";

export { itemsOf } from "@/api/page";
export type Pool = CouponPoolShown;
export type Coupon = CouponShown;
export type NewPool = CouponPoolMade;
export type CodesTaken = CouponCodesTaken;

const COUPONS = ["coupons"];

export function usePools(archived: boolean) {
  return useQuery({ queryKey: [...COUPONS, "all", archived], queryFn: () => call<CouponPools>(couponsFindPools({ query: { archived } })), refetchInterval: 5000 });
}

export function usePool(key: string) {
  return useQuery({ queryKey: [...COUPONS, "one", key], queryFn: () => call<Pool>(couponsGetPool({ path: { key } })), refetchInterval: 5000 });
}

export function useGiven(key: string) {
  return usePages<Coupon>([...COUPONS, "given", key], (after) => couponsFindGiven({ path: { key }, query: { after, limit: 50 } }), { refetchInterval: 5000 });
}

/** A write after which the lists are asked again. */
function useWrite<Given, Answer>(write: (given: Given) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: write, onSuccess: () => client.invalidateQueries({ queryKey: COUPONS }) });
}

export function useCreatePool() {
  return useWrite((body: CouponPoolMade) => call<Pool>(couponsCreatePool({ body })));
}

export function useAddCodes(key: string) {
  return useWrite((codes: string) => call<CodesTaken>(couponsAddCodes({ path: { key }, body: { codes } })));
}

export function useArchive(key: string) {
  return useWrite(() => call<Pool>(couponsArchivePool({ path: { key } })));
}

export function useRestore(key: string) {
  return useWrite(() => call<Pool>(couponsRestorePool({ path: { key } })));
}
