import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { LANGUAGES, LANGUAGE_NAMES, directionOf } from "@/i18n/languages";
import { useFormat, useLanguage } from "@/i18n/useFormat";
import { parseWhole } from "@/i18n/format";
import { BackLink, Button, Card, Columns, Failure, Group, Loading, NativeSelect, Page, SimpleGrid, Stack, Text, TextInput, say } from "@/ui";
import { SocialFields } from "../editor/MoreFields";
import { canvasStyle } from "../editor/look";
import { useBrand, useSaveBrand } from "../queries";
import { COLOURS, type Brand, type ColourName, type Colours } from "../types";
import "../editor/editor.css";
import "./brand.css";

const FONTS: Brand["font"][] = ["system", "serif", "rounded", "mono"];
const HEX = /^#[0-9a-fA-F]{6}$/;

function ColourRow({ name, colours, put, scheme }: { name: ColourName; colours: Colours; put: (colours: Colours) => void; scheme: string }) {
  const { t } = useTranslation();
  const label = t(`templates.colour.${name}`);
  const set = (value: string) => { put({ ...colours, [name]: value }); };
  return (
    <div className="hd-colourrow">
      <input type="color" aria-label={`${label}, ${scheme}`} value={HEX.test(colours[name]) ? colours[name] : "#000000"} onChange={(event) => { set(event.currentTarget.value); }} />
      <Text component="span" fz="sm" className="hd-grow">{label}</Text>
      <TextInput size="xs" w={92} dir="ltr" aria-label={`${label}, ${scheme} (#rrggbb)`} error={!HEX.test(colours[name])} value={colours[name]} onChange={(event) => { set(event.currentTarget.value); }} />
    </div>
  );
}

/** A mail in little, in these colours. */
function Sample({ brand, colours }: { brand: Brand; colours: Colours }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <div className="hd-brandsample" style={{ ...canvasStyle({ ...brand, colours }), background: colours.background }} dir={directionOf(language)}>
      <div style={{ color: colours.accent, fontWeight: 700, fontSize: 19 }}>{brand.logo?.alt ?? t("templates.sheet_head")}</div>
      <div className="hd-brandsample-body" style={{ background: colours.surface, color: colours.text, borderColor: colours.line }}>
        <b style={{ color: colours.heading, fontSize: 19 }}>{t("templates.block.heading")}</b>
        <span>{t("templates.brand.lead")}</span>
        <span className="hd-mailbutton" style={{ background: colours.accent, color: colours.on_accent, borderRadius: brand.radius }}>{t("templates.block.button")}</span>
        <span style={{ background: colours.panel, borderRadius: brand.radius, padding: "8px 12px" }}>{t("templates.hint.product")}</span>
      </div>
      <span style={{ color: colours.muted, fontSize: 12 }}>{brand.footer[language] ?? t("templates.block.note")}</span>
    </div>
  );
}

function LogoFields({ brand, put }: { brand: Brand; put: (change: Partial<Brand>) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const logo = brand.logo ?? { src: "", alt: "", width: 160, href: "" };
  const set = (change: Partial<typeof logo>) => {
    const next = { ...logo, ...change };
    put({ logo: next.src === "" && next.alt === "" ? null : next });
  };
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <TextInput label={t("templates.brand.logo_src")} description={t("templates.brand.logo_none")} dir="ltr" placeholder="https://" value={logo.src} onChange={(event) => { set({ src: event.currentTarget.value }); }} />
      <TextInput label={t("templates.brand.logo_alt")} dir="auto" value={logo.alt} onChange={(event) => { set({ alt: event.currentTarget.value }); }} />
      <TextInput label={t("templates.brand.logo_href")} dir="ltr" placeholder="https://" value={logo.href} onChange={(event) => { set({ href: event.currentTarget.value }); }} />
      <TextInput label={t("templates.brand.logo_width")} inputMode="numeric" value={format.number(logo.width)} onChange={(event) => { set({ width: Math.min(560, parseWhole(event.currentTarget.value) ?? 0) }); }} />
    </SimpleGrid>
  );
}

function Form({ first }: { first: Brand }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [brand, setBrand] = useState(first);
  const save = useSaveBrand(() => { say(t("templates.brand.saved")); });
  const put = (change: Partial<Brand>) => { setBrand({ ...brand, ...change }); };
  const isSound = [brand.colours, brand.dark].every((one) => COLOURS.every((name) => HEX.test(one[name])));
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate(brand);
  };
  return (
    <form onSubmit={submit}>
      <Columns>
        <Stack gap={20}>
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing={20}>
            {(["colours", "dark"] as const).map((scheme) => {
              const said = t(scheme === "dark" ? "templates.brand.dark" : "templates.brand.light");
              return <Card key={scheme} title={said}>{COLOURS.map((name) => <ColourRow key={name} name={name} colours={brand[scheme]} scheme={said} put={(colours) => { put({ [scheme]: colours }); }} />)}</Card>;
            })}
          </SimpleGrid>
          <Card title={t("templates.brand.look")}>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              <NativeSelect label={t("templates.brand.font")} value={brand.font} data={FONTS.map((value) => ({ value, label: t(`templates.brand.fonts.${value}`) }))} onChange={(event) => { put({ font: event.currentTarget.value as Brand["font"] }); }} />
              <TextInput label={t("templates.brand.radius")} inputMode="numeric" value={format.number(brand.radius)} onChange={(event) => { put({ radius: Math.min(40, parseWhole(event.currentTarget.value) ?? 0) }); }} />
            </SimpleGrid>
          </Card>
          <Card title={t("templates.brand.logo")}><LogoFields brand={brand} put={put} /></Card>
          <Card title={t("templates.brand.footer")}>
            <Text c="dimmed" fz="sm" mb="sm">{t("templates.brand.footer_hint")}</Text>
            <SimpleGrid cols={{ base: 1, sm: 2 }}>
              {LANGUAGES.map((one) => <TextInput key={one} label={<span lang={one}>{LANGUAGE_NAMES[one]}</span>} dir="auto" maxLength={500} value={brand.footer[one] ?? ""} onChange={(event) => { put({ footer: Object.fromEntries(Object.entries({ ...brand.footer, [one]: event.currentTarget.value }).filter(([, text]) => text !== "")) }); }} />)}
            </SimpleGrid>
          </Card>
          <Card title={t("templates.brand.social")}><SocialFields links={brand.social} put={(social) => { put({ social }); }} /></Card>
        </Stack>
        <div className="hd-brandside">
          <Card title={t("templates.brand.sample")}><Stack><Sample brand={brand} colours={brand.colours} /><Sample brand={brand} colours={brand.dark} /></Stack></Card>
          {save.isError && <Failure error={save.error} />}
          <Group><Button type="submit" disabled={!isSound} loading={save.isPending}>{t("templates.brand.save")}</Button></Group>
        </div>
      </Columns>
    </form>
  );
}

/** What all mails of the workspace share. */
export default function BrandScreen() {
  const { t } = useTranslation();
  const brand = useBrand();
  return (
    <Page wide title={t("templates.brand.title")} lead={t("templates.brand.lead")} back={<BackLink to="/templates">{t("app.place.templates")}</BackLink>}>
      {brand.isError && <Failure error={brand.error} retry={() => void brand.refetch()} />}
      {brand.isPending && <Card><Loading /></Card>}
      {brand.data && <Form first={brand.data} />}
    </Page>
  );
}
