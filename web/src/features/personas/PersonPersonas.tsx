import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Card, Failure, Name } from "@/ui";
import { Portrait } from "./Portrait";
import { usePersonasOf } from "./queries";
import "./personas.css";

/** The personas that stand for somebody, each with how to speak to them; nothing for whom there is none. */
export function PersonPersonas({ personId }: { personId: number }) {
  const { t } = useTranslation();
  const personas = usePersonasOf(personId);
  if (personas.isError) return <Failure error={personas.error} />;
  if (!personas.data?.items.length) return null;
  return (
    <Card title={t("personas.of_person")} flush>
      {personas.data.items.map((persona) => (
        <Link key={persona.id} to={`/personas/${String(persona.id)}`} className="hd-row">
          <Portrait persona={persona} size={44} />
          <span className="hd-grow">
            <Name>{persona.name}</Name>
            {persona.tone && <span className="hd-dim hd-small hd-two" dir="auto">{persona.tone}</span>}
          </span>
        </Link>
      ))}
    </Card>
  );
}
