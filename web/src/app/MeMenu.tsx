import { Menu, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { signOut } from "@/api/auth";
import type { SignedIn } from "@/features/session/types";
import { changeLanguage } from "@/i18n";
import { LANGUAGES, LANGUAGE_NAMES } from "@/i18n/languages";
import { useLanguage } from "@/i18n/useFormat";
import { Avatar, IconCheck, IconLogout, IconMoon, IconShieldCheck, IconSun, Name } from "@/ui";

/** Who is signed in; language, colours, the way out. */
export default function MeMenu({ me }: { me: SignedIn }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();
  const client = useQueryClient();
  const leave = async () => {
    await signOut();
    client.clear();
    await navigate("/login", { replace: true });
  };
  const name = me.user.name || me.user.email;
  return (
    <Menu position="top-start" width={232} shadow="md">
      <Menu.Target>
        <UnstyledButton className="hd-nav">
          <Avatar name={name} seed={me.user.id} size={32} />
          <span className="hd-grow">
            <Name>{name}</Name>
            <span className="hd-dim hd-small"><Name>{me.workspace.name}</Name></span>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("app.language")}</Menu.Label>
        {LANGUAGES.map((one) => (
          <Menu.Item key={one} lang={one} onClick={() => void changeLanguage(one)} rightSection={one === language && <IconCheck size={16} />}>
            {LANGUAGE_NAMES[one]}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item
          leftSection={scheme === "dark" ? <IconSun size={17} /> : <IconMoon size={17} />}
          onClick={() => { setColorScheme(scheme === "dark" ? "light" : "dark"); }}
        >
          {scheme === "dark" ? t("app.light") : t("app.dark")}
        </Menu.Item>
        <Menu.Item leftSection={<IconShieldCheck size={17} />} onClick={() => void navigate("/settings/security")}>{t("app.security")}</Menu.Item>
        <Menu.Item leftSection={<IconLogout size={17} className="hd-flip" />} onClick={() => void leave()}>{t("app.sign_out")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
