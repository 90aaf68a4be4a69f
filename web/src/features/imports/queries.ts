import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  transferCancel, transferCheck, transferCreateImport, transferDeleteImport, transferFindImports, transferGetImport, transferLook, transferPutPiece, transferStart, transferUndo, transfersFindColumns,
} from "@/api/generated";
import type { Made, Reading } from "@/api/generated";
import type { Paged } from "@/api/page";
import type { Import, Kind, Plan, Understood } from "./types";

const LIST = ["imports"];
const BUSY = new Set<Import["state"] | undefined>(["checking", "running", "weighing", "undoing"]);
export const isBusy = (one: Import | undefined) => BUSY.has(one?.state);

export function useImports() {
  return useQuery({
    queryKey: LIST,
    queryFn: () => call<Paged<Import>>(transferFindImports({ query: { limit: 50 } })),
    refetchInterval: ({ state }) => (state.data?.items.some(isBusy) ? 1000 : false),
  });
}

/** What the columns of each export are called. */
export function useExportColumns() {
  return useQuery({ queryKey: ["export-columns"], queryFn: () => call<Record<Kind, string[]>>(transfersFindColumns()) });
}

export function useImport(id: number) {
  return useQuery({
    queryKey: ["import", id],
    queryFn: () => call<Import>(transferGetImport({ path: { import_id: id } })),
    refetchInterval: ({ state }) => (isBusy(state.data) ? 700 : false),
  });
}

/** What the server understands of the file; with a reading, as that says. */
export function useLook(id: number, reading: Reading | undefined, enabled: boolean) {
  return useQuery({
    queryKey: ["look", id, reading],
    queryFn: () => call<Understood>(transferLook({ path: { import_id: id }, body: { reading: reading ?? null } })),
    enabled,
    staleTime: Infinity,
    retry: false,
    placeholderData: (previous) => previous,
  });
}

function base64(piece: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => { resolve((reader.result as string).split(",", 2)[1] ?? ""); };
    reader.onerror = () => { reject(reader.error ?? new Error("unreadable")); };
    reader.readAsDataURL(piece);
  });
}

/** Send a file piece by piece; `moved` hears which share of it the server has. */
export function useUpload(moved: (share: number) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ file, kind }: { file: File; kind: Kind }) => {
      const made = await call<Made>(transferCreateImport({ body: { kind, name: file.name, size: file.size } }));
      for (let place = 0; place * made.piece_bytes < file.size; place += 1) {
        const data = await base64(file.slice(place * made.piece_bytes, (place + 1) * made.piece_bytes));
        await call(transferPutPiece({ path: { import_id: made.id, place }, body: { data } }));
        moved(Math.min(1, ((place + 1) * made.piece_bytes) / file.size));
      }
      return made.id;
    },
    onSettled: () => client.invalidateQueries({ queryKey: LIST }),
  });
}

function useStep<T>(id: number, send: (given: T) => Promise<Import>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: (answer) => {
      client.setQueryData(["import", id], answer);
      return client.invalidateQueries({ queryKey: LIST });
    },
  });
}

export const useCheck = (id: number) => useStep(id, (plan: Plan) => call<Import>(transferCheck({ path: { import_id: id }, body: { plan } })));

/** Begin with a plan, or go on without one. */
export const useStart = (id: number) => useStep(id, (plan: Plan | null) => call<Import>(transferStart({ path: { import_id: id }, body: { plan } })));

export const useCancel = (id: number) => useStep(id, () => call<Import>(transferCancel({ path: { import_id: id } })));

/** Say what taking it back would do, or take it back. */
export const useUndo = (id: number) => useStep(id, (only_count: boolean) => call<Import>(transferUndo({ path: { import_id: id }, body: { only_count } })));

export function useDelete(id: number, done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call(transferDeleteImport({ path: { import_id: id } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: LIST });
      done();
    },
  });
}
