import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Button, Group, Text } from "@/ui";
import { Portrait } from "./Portrait";
import type { PictureChange } from "./queries";
import type { Persona } from "./types";

/** The picture as it will be, and what can be done about it. */
export function PictureField({ persona, change, choose }: { persona: Pick<Persona, "id" | "name" | "picture">; change: PictureChange; choose: (change: PictureChange) => void }) {
  const { t } = useTranslation();
  const chosen = useMemo(() => (change ? URL.createObjectURL(change) : change), [change]);
  useEffect(() => () => { if (chosen) URL.revokeObjectURL(chosen); }, [chosen]);
  const picture = chosen === undefined ? persona.picture : chosen;
  return (
    <div>
      <Text fw={600} fz="sm" mb={8}>{t("personas.picture")}</Text>
      <Group gap="md">
        <Portrait persona={{ ...persona, picture }} size={96} />
        <Group gap="xs">
          <Button component="label" variant="default" className="hd-file-button">
            {t("personas.choose")}
            <input type="file" className="hd-file" accept="image/png,image/jpeg,image/webp" onChange={(event) => { choose(event.currentTarget.files?.[0]); }} />
          </Button>
          {picture && <Button variant="subtle" onClick={() => { choose(null); }}>{t("personas.take_away")}</Button>}
        </Group>
      </Group>
      <Text c="dimmed" fz="sm" mt={8}>{t("personas.picture_note")}</Text>
    </div>
  );
}
