import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import { journeysActingDropSecret, journeysActingFindSecrets, journeysActingPutSecret } from "@/api/generated";
import type { Paged } from "@/api/page";

/** A secret as it is told: by its name and the one host that it is sent to. */
export interface Secret {
  name: string;
  host: string;
  updated_at: string;
}

const LIST = ["journey-secrets"];

export function useSecrets() {
  return useQuery({ queryKey: LIST, queryFn: () => call<Paged<Secret>>(journeysActingFindSecrets()) });
}

/** Write one, in the place of another of its name. */
export function usePutSecret(done: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, host, value }: { name: string; host: string; value: string }) => call(journeysActingPutSecret({ path: { name }, body: { host, value } })),
    onSuccess: async () => { await client.invalidateQueries({ queryKey: LIST }); done(); },
  });
}

export function useDropSecret() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => call(journeysActingDropSecret({ path: { name } })),
    onSuccess: () => client.invalidateQueries({ queryKey: LIST }),
  });
}
