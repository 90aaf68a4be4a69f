import { Group, Text } from "@mantine/core";

/** The hoopoe and the name. */
export function Brand({ size = 30 }: { size?: number }) {
  return (
    <Group gap={10} wrap="nowrap">
      <img src="/hudhud.svg" alt="" width={size} height={size} className="hd-mark" />
      <Text component="span" fw={680} fz={size * 0.62} lh={1}>Hudhud</Text>
    </Group>
  );
}
