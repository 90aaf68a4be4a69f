import { useTranslation } from "react-i18next";
import { ActionIcon, Button, Group, IconPlus, IconX, Input, Stack, Switch, TextInput } from "@/ui";
import type { Block, BlockOf, SocialLink } from "../types";
import { LiquidInput } from "./LiquidInput";

/** The button in a hero, or none. */
export function HeroButtonFields({ block, put }: { block: BlockOf<"hero">; put: (block: Block, field: string) => void }) {
  const { t } = useTranslation();
  const { button } = block;
  return (
    <>
      <Switch label={t("templates.field.with_button")} checked={Boolean(button)} onChange={(event) => { put({ ...block, button: event.currentTarget.checked ? { text: "", href: "" } : null }, "button"); }} />
      {button && <LiquidInput label={t("templates.field.button_text")} value={button.text} change={(text) => { put({ ...block, button: { ...button, text } }, "button.text"); }} />}
      {button && <LiquidInput label={t("templates.field.href")} ltr placeholder="https://" value={button.href} change={(href) => { put({ ...block, button: { ...button, href } }, "button.href"); }} />}
    </>
  );
}

/** Where one is found: a name and an address each. */
export function SocialFields({ links, put, hint }: { links: SocialLink[]; put: (links: SocialLink[]) => void; hint?: string }) {
  const { t } = useTranslation();
  const set = (index: number, change: Partial<SocialLink>) => { put(links.map((one, at) => (at === index ? { ...one, ...change } : one))); };
  return (
    <Input.Wrapper label={t("templates.field.links")} labelElement="div" description={links.length === 0 ? hint : undefined}>
      <Stack gap={8} mt={4}>
        {links.map((one, index) => (
          <Group key={index} gap={6} wrap="nowrap" align="flex-start">
            <Stack gap={4} style={{ flex: 1 }}>
              <TextInput size="sm" aria-label={t("templates.field.network")} placeholder="Instagram" dir="auto" value={one.network} onChange={(event) => { set(index, { network: event.currentTarget.value }); }} />
              <TextInput size="sm" aria-label={t("templates.field.href")} placeholder="https://" dir="ltr" value={one.url} onChange={(event) => { set(index, { url: event.currentTarget.value }); }} />
            </Stack>
            <ActionIcon size={30} variant="subtle" color="gray" aria-label={t("templates.do.remove")} title={t("templates.do.remove")} onClick={() => { put(links.filter((_, at) => at !== index)); }}><IconX size={16} aria-hidden /></ActionIcon>
          </Group>
        ))}
        {links.length < 12 && <div><Button size="compact-sm" variant="light" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => { put([...links, { network: "", url: "" }]); }}>{t("templates.field.add_link")}</Button></div>}
      </Stack>
    </Input.Wrapper>
  );
}
