import { Group, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useEffect, type ReactNode } from "react";
import { Link } from "react-router";

interface PageProps {
  title: string;
  /** Shown instead of `title` when the heading needs more than plain text. */
  heading?: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  back?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

/** A screen: its title is the tab's title and the only h1. */
export function Page({ title, heading, lead, actions, back, wide, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Hudhud`;
  }, [title]);
  return (
    <Stack gap={26} maw={wide ? 1560 : 1120} mx="auto" w="100%">
      <header>
        {back}
        <Group justify="space-between" align="flex-start" gap="md">
          <div className="hd-grow">
            <Title order={1}>{heading ?? title}</Title>
            {lead && <Text c="dimmed" mt={6} maw={680}>{lead}</Text>}
          </div>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </header>
      {children}
    </Stack>
  );
}

export function BackLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Group mb={10} gap={6} fz="sm">
      <IconArrowLeft size={16} className="hd-flip" aria-hidden />
      <Link to={to} className="hd-textlink">{children}</Link>
    </Group>
  );
}
