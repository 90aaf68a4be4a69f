import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/api/call";
import {
  campaignsArchiveCampaign, campaignsCancelCampaign, campaignsChooseWinner, campaignsCountDrafted, campaignsCreateCampaign, campaignsDeleteCampaign, campaignsDuplicateCampaign,
  campaignsFindBehind, campaignsFindCampaigns, campaignsFindNumbers, campaignsGetCampaign, campaignsGetTest, campaignsPauseCampaign, campaignsResendCampaign, campaignsRestoreCampaign, campaignsResumeCampaign,
  campaignsReviewCampaign, campaignsSaveCampaign, campaignsSendCampaign, campaignsUndoCampaign, campaignTrialsTestCampaign, contentPreviewTemplate,
} from "@/api/generated";
import { usePages } from "@/api/page";
import { Problem } from "@/api/problem";
import { WORKING, type Audience, type Campaign, type CampaignCard, type Definition, type ListState, type Numbers, type Subtraction } from "./types";

export { itemsOf } from "@/api/page";

const CAMPAIGNS = ["campaigns"];
const SOON_MS = 2000;

export function useCampaignList(state: ListState | null, search: string, archived: boolean) {
  return usePages<CampaignCard>([...CAMPAIGNS, "list", state, search, archived], (after) => campaignsFindCampaigns({ query: { state: state ?? "", search, archived, after, limit: 50 } }), { refetchInterval: 5000 });
}

/** One campaign; while it works, or is about to, it is asked again every two seconds. */
export function useCampaign(id: number) {
  return useQuery({
    queryKey: [...CAMPAIGNS, "one", id],
    queryFn: () => call<Campaign>(campaignsGetCampaign({ path: { campaign_id: id } })),
    refetchInterval: ({ state: { data } }) => (data && (WORKING.has(data.state) || data.state === "scheduled") ? SOON_MS : false),
  });
}

export function useNumbers(campaign: Campaign) {
  return useQuery({
    queryKey: [...CAMPAIGNS, "numbers", campaign.id],
    queryFn: () => call<Numbers>(campaignsFindNumbers({ path: { campaign_id: campaign.id } })),
    refetchInterval: WORKING.has(campaign.state) ? SOON_MS : 20_000,
  });
}

/** Who would get it, and who not: the figures of what is being drafted. */
export function useSubtraction(asked: { audience: Audience; topic: string; template?: string; resend_of: number | null; skip_seen: Definition["skip_seen"] }, isComplete: boolean) {
  return useQuery({
    queryKey: [...CAMPAIGNS, "audience", asked],
    queryFn: () => call<Subtraction>(campaignsCountDrafted({ body: { ...asked, audience: { ...asked.audience } } })),
    enabled: isComplete,
    placeholderData: (before: Subtraction | undefined) => before,
  });
}

export interface Behind {
  person_id: number;
  name: string | null;
  email: string | null;
}

/** The people behind a figure of a saved draft; an empty reason: who gets it. */
export function useBehind(id: number, reason: string) {
  return usePages<Behind>([...CAMPAIGNS, "behind", id, reason], (after) => campaignsFindBehind({ path: { campaign_id: id }, query: { reason, after: after ?? 0, limit: 50 } }));
}

/** A template as it is published, as nobody in particular would get it. */
export function useLook(template: string, language: string) {
  return useQuery({
    queryKey: ["campaign-look", template, language],
    queryFn: () => call<Record<string, string>>(contentPreviewTemplate({ path: { key: template }, body: { language, event: {} } })),
    enabled: template !== "",
  });
}

/** Save a draft. Who saved it meanwhile is told as other drafts tell it, so that the same words say so. */
export async function putCampaign(id: number, definition: Definition, revision: number): Promise<Campaign> {
  try {
    return await call<Campaign>(campaignsSaveCampaign({ path: { campaign_id: id }, body: { definition: { ...definition }, revision } }));
  } catch (error) {
    if (error instanceof Problem && error.code === "campaign_changed") throw new Problem(error.status, "draft_changed", error.message, error.data);
    throw error;
  }
}

function useWrite<Given, Answer>(write: (given: Given) => Promise<Answer>, done?: (answer: Answer) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: async (answer) => {
      done?.(answer);
      await client.invalidateQueries({ queryKey: CAMPAIGNS });
    },
  });
}

export function useCreate(done: (made: Campaign) => void) {
  return useWrite((name: string) => call<Campaign>(campaignsCreateCampaign({ body: { name } })), done);
}

export function useSend(id: number) {
  return useWrite((revision: number) => call<Campaign>(campaignsSendCampaign({ path: { campaign_id: id }, body: { revision } })));
}

export function useReview(id: number) {
  return useWrite(({ revision, word }: { revision: number; word: "asked" | "approved" | "refused" }) => call<Campaign>(campaignsReviewCampaign({ path: { campaign_id: id }, body: { revision, word } })));
}

const ACTS = {
  undo: campaignsUndoCampaign, pause: campaignsPauseCampaign, resume: campaignsResumeCampaign, cancel: campaignsCancelCampaign, archive: campaignsArchiveCampaign, restore: campaignsRestoreCampaign,
};

/** What one button does to a campaign. */
export function useAct(id: number, act: keyof typeof ACTS) {
  return useWrite(() => call<Campaign>(ACTS[act]({ path: { campaign_id: id } })));
}

export function useWinner(id: number) {
  return useWrite((variant: string) => call<Campaign>(campaignsChooseWinner({ path: { campaign_id: id }, body: { variant } })));
}

export function useDuplicate(id: number, done: (made: Campaign) => void) {
  return useWrite((name: string) => call<Campaign>(campaignsDuplicateCampaign({ path: { campaign_id: id }, body: { name } })), done);
}

export function useResend(id: number, done: (made: Campaign) => void) {
  return useWrite((name: string) => call<Campaign>(campaignsResendCampaign({ path: { campaign_id: id }, body: { name } })), done);
}

export function useDrop(id: number, done: () => void) {
  return useWrite(() => call(campaignsDeleteCampaign({ path: { campaign_id: id } })), done);
}

/** What the test shows now: for each version the chance that it is the best. */
interface Shown {
  now: { variants: { name: string; best: number }[] };
}

export function useTest(campaign: Campaign) {
  return useQuery({
    queryKey: [...CAMPAIGNS, "test", campaign.id],
    queryFn: () => call<Shown>(campaignsGetTest({ path: { campaign_id: campaign.id } })),
    enabled: campaign.definition.test !== null,
    refetchInterval: WORKING.has(campaign.state) ? 5000 : false,
  });
}

/** Nothing was sent where `reason` is there: the text needs a value of a person. */
export interface Tried {
  items: { address: string; end: string }[];
  reason?: string;
}

/** A copy of a version to one's own address, at once; nothing of it is counted. */
export function useTrial(id: number) {
  return useMutation({ mutationFn: ({ variant, language }: { variant: string; language: string }) => call<Tried>(campaignTrialsTestCampaign({ path: { campaign_id: id }, body: { to: ["me"], variant, language } })) });
}
