import { useComputedColorScheme } from "@mantine/core";

export function useIsDark(): boolean {
  return useComputedColorScheme("light") === "dark";
}
