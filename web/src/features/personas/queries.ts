import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  personasCreatePersona, personasDeletePersona, personasFindPersonas, personasFindPersonasOf, personasGetPersona, personasRemovePicture, personasSetPicture,
  personasUpdatePersona,
} from "@/api/generated";
import type { Paged } from "@/api/page";
import type { Persona, Sketch } from "./types";

const KEY = ["personas"];

export function usePersonas() {
  return useQuery({ queryKey: KEY, queryFn: () => call<Paged<Persona>>(personasFindPersonas()), refetchInterval: 5000 });
}

export function usePersona(id: number) {
  return useQuery({ queryKey: [...KEY, id], queryFn: () => call<Persona>(personasGetPersona({ path: { persona_id: id } })) });
}

/** The personas that stand for somebody. */
export function usePersonasOf(personId: number) {
  return useQuery({ queryKey: [...KEY, "of", personId], queryFn: () => call<Paged<Persona>>(personasFindPersonasOf({ path: { person_id: personId } })) });
}

/** A file as the API takes it. */
async function toBase64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const parts = Array.from({ length: Math.ceil(bytes.length / 0x8000) }, (_, part) => String.fromCharCode(...bytes.subarray(part * 0x8000, (part + 1) * 0x8000)));
  return btoa(parts.join(""));
}

/** What becomes of the picture: another one, none, or (undefined) what it was. */
export type PictureChange = File | null | undefined;

async function savePicture(id: number, picture: PictureChange): Promise<void> {
  const path = { persona_id: id };
  if (picture === null) await call(personasRemovePicture({ path }));
  if (picture) await call(personasSetPicture({ path, body: { data: await toBase64(picture) } }));
}

/** Keeps a persona, new (without `id`) or changed, and its picture. */
export function useSavePersona(done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, sketch, picture, made }: { id?: number; sketch: Sketch; picture: PictureChange; made: (id: number) => void }) => {
      const saved = await call<Persona>(id === undefined ? personasCreatePersona({ body: sketch }) : personasUpdatePersona({ path: { persona_id: id }, body: sketch }));
      made(saved.id);
      await savePicture(saved.id, picture);
    },
    onSuccess: done,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

export function useDeletePersona(id: number, done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call(personasDeletePersona({ path: { persona_id: id } })),
    onSuccess: async () => {
      done();
      client.removeQueries({ queryKey: [...KEY, id] });
      await client.invalidateQueries({ queryKey: KEY });
    },
  });
}
