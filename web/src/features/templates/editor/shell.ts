import { createUsePuck, useGetPuck } from "@puckeditor/core";
import { createContext, use, useCallback, useMemo, type RefObject } from "react";
import type { Block, Kind } from "../types";
import { makeBlock, newId } from "./change";
import { IN_COLUMN, SLOTS, toId, type Item } from "./mapping";

/** The shell's state, as much of it as one asks for. */
export const usePuck = createUsePuck();

const ROOT = "root:default-zone";

/** Which field is being written in: changes of one field that follow one another are one step back. */
export const Touched = createContext<RefObject<string>>({ current: "" });

type Api = ReturnType<ReturnType<typeof useGetPuck>>;

function idsIn(items: Item[]): string[] {
  return items.flatMap(({ props }) => [props.id, ...SLOTS.flatMap((slot) => idsIn((props[slot] ?? []) as Item[]))]);
}

/** A block's id as the shell has it: of what was dragged in, longer than ours. */
function shellIdOf(api: Api, id: string): string {
  return api.getItemById(id) ? id : idsIn(api.appState.data.content as Item[]).find((one) => toId(one) === id) ?? id;
}

function sizeOf(zone: string, api: Api): number {
  const [parent = "", slot = ""] = zone.split(":");
  const { data } = api.appState;
  if (zone === ROOT) return data.content.length;
  const item = api.getItemById(parent) as Item | undefined;
  return (item?.props[slot] as unknown[] | undefined)?.length ?? 0;
}

/** What can be done to blocks; everything goes through the shell, so that it knows. */
export function useBlocks() {
  const get = useGetPuck();
  const touchedRef = use(Touched);

  const put = useCallback((block: Block, field = "") => {
    const api = get();
    const at = api.getSelectorForId(block.id);
    const item = api.getItemById(block.id) as Item | undefined;
    if (!at || !item) return;
    touchedRef.current = `${block.id} ${field}`;
    api.dispatch({ type: "replace", destinationIndex: at.index, destinationZone: at.zone, data: { ...item, props: { ...item.props, block } } });
    touchedRef.current = "";
  }, [get, touchedRef]);

  const select = useCallback((id: string | null) => {
    const api = get();
    const at = id === null ? undefined : api.getSelectorForId(shellIdOf(api, id));
    api.dispatch({ type: "setUi", ui: { itemSelector: at ?? null }, recordHistory: false });
  }, [get]);

  /** Puts a new block behind the chosen one: in its column where it may stand there, else behind the columns; without a chosen one at the end. */
  const insert = useCallback((kind: Kind): string => {
    const api = get();
    const chosen = (api.selectedItem as Item | null)?.props.id;
    let at = chosen === undefined ? undefined : api.getSelectorForId(chosen);
    if (at && at.zone !== ROOT && !IN_COLUMN.includes(kind)) at = api.getSelectorForId(at.zone.split(":")[0] ?? "");
    const destinationZone = at?.zone ?? ROOT;
    const destinationIndex = at ? at.index + 1 : sizeOf(ROOT, api);
    const id = newId();
    api.dispatch({ type: "insert", componentType: kind, destinationIndex, destinationZone, id });
    put(makeBlock(kind, id));
    select(id);
    return id;
  }, [get, put, select]);

  /** Up or down among its neighbours; false at the end. */
  const move = useCallback((id: string, by: 1 | -1): boolean => {
    const api = get();
    const at = api.getSelectorForId(id);
    const to = at ? at.index + by : -1;
    if (!at || to < 0 || to >= sizeOf(at.zone, api)) return false;
    api.dispatch({ type: "reorder", sourceIndex: at.index, destinationIndex: to, destinationZone: at.zone });
    select(id);
    return true;
  }, [get, select]);

  const remove = useCallback((id: string) => {
    const at = get().getSelectorForId(id);
    if (at) get().dispatch({ type: "remove", index: at.index, zone: at.zone });
  }, [get]);

  const duplicate = useCallback((id: string) => {
    const at = get().getSelectorForId(id);
    if (at) get().dispatch({ type: "duplicate", sourceIndex: at.index, sourceZone: at.zone });
  }, [get]);

  return useMemo(() => ({ put, select, insert, move, remove, duplicate }), [put, select, insert, move, remove, duplicate]);
}

/** The chosen block, as it is now. */
export function useChosen(): Block | null {
  const item = usePuck((state) => state.selectedItem) as Item | null;
  return useMemo(() => (item ? { ...item.props.block, id: item.props.id } : null), [item]);
}
