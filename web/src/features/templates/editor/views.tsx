import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconPhoto, IconPuzzle, IconShoppingBag } from "@/ui";
import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { useSnippets } from "../queries";
import type { Block, BlockOf, Kind } from "../types";
import { blockStyle, colourOf } from "./look";
import { TextField } from "./TextField";
import { useDesk } from "./writing";

interface ViewProps<K extends Kind> {
  block: BlockOf<K>;
  put: (block: Block) => void;
}

const SIZES = { 1: 25, 2: 20, 3: 17 } as const;
const TEXT_SIZES = { small: 13, normal: 16, lead: 18 } as const;
// What shows the picture itself: an address that holds Liquid has none before there is a person.
const isPlainAddress = (address: string | undefined) => Boolean(address && /^https?:\/\//.test(address) && !/\{[{%]/.test(address));

function HeadingView({ block, put }: ViewProps<"heading">) {
  const { t } = useTranslation();
  const { brand } = useDesk();
  const level = block.level ?? 1;
  const style = blockStyle(brand, block.style, level === 1 ? "20px 24px 6px" : "16px 24px 4px");
  return (
    <div style={{ color: brand.colours.heading, ...style, fontSize: SIZES[level], lineHeight: 1.35, fontWeight: 700 }}>
      <TextField value={block.text} change={(text) => { put({ ...block, text }); }} label={t("templates.block.heading")} placeholder={t("templates.hint.heading")} rich={false} />
    </div>
  );
}

function TextView({ block, put }: ViewProps<"text"> | ViewProps<"note">) {
  const { t } = useTranslation();
  const { brand } = useDesk();
  const size = block.type === "note" ? "small" : block.size ?? "normal";
  const usual = size === "small" ? "muted" : "text";
  return (
    <div style={{ color: brand.colours[usual], ...blockStyle(brand, block.style, "8px 24px"), fontSize: TEXT_SIZES[size], lineHeight: 1.65 }}>
      <TextField value={block.html} change={(html) => { put({ ...block, html }); }} label={t(`templates.block.${block.type}`)} placeholder={t("templates.hint.text")} rich />
    </div>
  );
}

function Picture({ src, alt, style }: { src: string | undefined; alt: string; style?: React.CSSProperties }) {
  if (isPlainAddress(src)) return <img src={src} alt={alt} style={{ display: "block", maxWidth: "100%", ...style }} referrerPolicy="no-referrer" />;
  return <span className="hd-nopicture" style={style}><IconPhoto size={30} aria-hidden /><bdi>{alt || src}</bdi></span>;
}

const PLACES = { start: "0 auto", center: "auto", end: "auto 0" } as const;

function ImageView({ block }: ViewProps<"image">) {
  const { brand } = useDesk();
  const width = block.width ? `${String(block.width)}px` : "100%";
  return (
    <div style={blockStyle(brand, block.style, "8px 24px")}>
      <Picture src={block.src} alt={block.alt} style={{ width, marginInline: PLACES[block.style?.align || "center"], borderRadius: block.rounded === false ? 0 : brand.radius }} />
    </div>
  );
}

function ButtonView({ block, put }: ViewProps<"button">) {
  const { t } = useTranslation();
  const { brand } = useDesk();
  const { style } = block;
  const ground = colourOf(brand, style?.background, "accent");
  const around = blockStyle(brand, style?.padding ? { padding: style.padding } : undefined, "14px 24px");
  return (
    <div style={{ ...around, textAlign: style?.align || "center" }}>
      <div className="hd-mailbutton" style={{ background: ground, color: colourOf(brand, style?.color, "on_accent"), borderRadius: brand.radius, ...(block.full_width ? { display: "block" } : {}) }}>
        <TextField value={block.text} change={(text) => { put({ ...block, text }); }} label={t("templates.block.button")} placeholder={t("templates.hint.button")} rich={false} />
      </div>
    </div>
  );
}

function DividerView({ block }: ViewProps<"divider">) {
  const { brand } = useDesk();
  return <div style={blockStyle(brand, { ...block.style, color: "" }, "14px 24px")}><hr style={{ border: 0, borderBlockStart: `1px solid ${colourOf(brand, block.style?.color, "line")}`, margin: 0 }} /></div>;
}

function SpacerView({ block }: ViewProps<"spacer">) {
  const { brand } = useDesk();
  return <div className="hd-spacer" style={{ ...blockStyle(brand, block.style, "0"), height: block.height ?? 24, padding: 0 }} />;
}

function CouponView({ block }: ViewProps<"coupon">) {
  const { t } = useTranslation();
  const { brand } = useDesk();
  const accent = colourOf(brand, block.style?.color, "accent");
  return (
    <div style={{ ...blockStyle(brand, { ...block.style, color: "" }, "12px 24px"), textAlign: block.style?.align || "center", color: brand.colours.text }}>
      {block.label && <div dir="auto">{block.label}</div>}
      <span className="hd-couponcode" dir="ltr" style={{ borderColor: accent, color: accent, borderRadius: brand.radius }}>{block.pool ? block.pool.toUpperCase() : t("templates.hint.coupon")}</span>
      {block.show_end !== false && <div style={{ fontSize: 13 }}>{t("templates.hint.coupon_end")}</div>}
    </div>
  );
}

function SocialView({ block }: ViewProps<"social">) {
  const { t } = useTranslation();
  const { brand } = useDesk();
  const links = block.links && block.links.length > 0 ? block.links : brand.social;
  return (
    <div style={{ ...blockStyle(brand, block.style, "8px 24px"), textAlign: block.style?.align || "center", color: brand.colours.accent }}>
      {links.length === 0 && <span>{t("templates.hint.social")}</span>}
      {links.map((one, index) => <span key={one.network}>{index > 0 && " · "}<u><bdi>{one.network}</bdi></u></span>)}
    </div>
  );
}

function HtmlView({ block }: ViewProps<"html">) {
  const { t } = useTranslation();
  return <pre className="hd-htmlblock" dir="ltr">{block.html.trim().slice(0, 400) || t("templates.hint.html")}</pre>;
}

function ProductsView({ block }: ViewProps<"products">) {
  const { t } = useTranslation();
  const { brand } = useDesk();
  const isGrid = block.layout === "grid";
  const show = block.show ?? ["image", "price"];
  const some = Array.from({ length: Math.min(block.limit ?? 6, isGrid ? block.per_row ?? 2 : 2) }, (_, index) => index);
  return (
    <div style={{ ...blockStyle(brand, block.style, "8px 24px"), display: "grid", gap: 10, gridTemplateColumns: isGrid ? `repeat(${String(block.per_row ?? 2)}, 1fr)` : "1fr" }}>
      {some.map((one) => (
        <div key={one} className="hd-product" data-grid={isGrid || undefined} style={{ background: brand.colours.panel, borderRadius: brand.radius }}>
          {show.includes("image") && <span className="hd-nopicture"><IconShoppingBag size={24} aria-hidden /></span>}
          <span>
            <b>{t("templates.hint.product")}</b>
            {show.includes("quantity") && <span style={{ display: "block", fontSize: 13, color: brand.colours.muted }}>{t("templates.hint.quantity")}</span>}
            {show.includes("price") && <span style={{ display: "block", fontWeight: 700, color: brand.colours.accent }}>{t("templates.hint.price")}</span>}
            {block.button && <span className="hd-mailbutton" style={{ background: brand.colours.accent, color: brand.colours.on_accent, borderRadius: brand.radius, marginBlockStart: 8 }}>{block.button}</span>}
          </span>
        </div>
      ))}
    </div>
  );
}

function HeroView({ block, put }: ViewProps<"hero">) {
  const { t } = useTranslation();
  const { brand } = useDesk();
  const ground = colourOf(brand, block.style?.background, "accent");
  const colour = colourOf(brand, block.style?.color, "on_accent");
  const picture = isPlainAddress(block.image) ? { backgroundImage: `url("${String(block.image).replaceAll('"', "%22")}")`, minHeight: block.height ?? 320 } : {};
  return (
    <div className="hd-hero" style={{ background: ground, color: colour, textAlign: block.style?.align || "center", ...picture }}>
      <div style={{ fontSize: 30, fontWeight: 700, lineHeight: 1.25 }}>
        <TextField value={block.title} change={(title) => { put({ ...block, title }); }} label={t("templates.field.title")} placeholder={t("templates.hint.hero")} rich={false} />
      </div>
      <div style={{ fontSize: 18 }}>
        <TextField value={block.text ?? ""} change={(text) => { put({ ...block, text }); }} label={t("templates.field.text")} placeholder={t("templates.hint.text")} rich={false} />
      </div>
      {block.button && <span className="hd-mailbutton" style={{ background: colour, color: ground, borderRadius: brand.radius }}>{block.button.text || t("templates.hint.button")}</span>}
    </div>
  );
}

function SnippetView({ block }: ViewProps<"snippet">) {
  const { t } = useTranslation();
  const language = useLanguage();
  const snippet = useSnippets().data?.items.find((one) => one.key === block.key);
  return <div className="hd-snippetblock"><IconPuzzle size={20} aria-hidden /> <bdi>{snippet ? pickName(snippet.names, language, block.key) : block.key || t("templates.hint.snippet")}</bdi></div>;
}

const VIEWS: { [K in Exclude<Kind, "columns">]: (props: ViewProps<K>) => ReactNode } = {
  heading: HeadingView, text: TextView, note: TextView, image: ImageView, button: ButtonView, divider: DividerView, spacer: SpacerView, coupon: CouponView, social: SocialView,
  html: HtmlView, products: ProductsView, hero: HeroView, snippet: SnippetView,
};

/** A block as the mail will show it, as nearly as a page can: the preview is what the server makes of it. */
export function BlockView({ block, put }: ViewProps<Exclude<Kind, "columns">>) {
  const View = VIEWS[block.type] as (props: { block: Block; put: (block: Block) => void }) => ReactNode;
  return <View block={block} put={put} />;
}
