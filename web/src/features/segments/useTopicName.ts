import { pickName } from "@/i18n/names";
import { useLanguage } from "@/i18n/useFormat";
import { useTopics } from "./queries";

/** What a topic is called in the reader's language. */
export function useTopicName(): (key: string) => string {
  const language = useLanguage();
  const topics = useTopics().data?.items;
  return (key) => pickName(topics?.find((one) => one.key === key)?.names, language, key);
}
