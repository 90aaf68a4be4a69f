import { Avatar, Ltr, Name, Skeleton } from "@/ui";
import { emailOf, nameOf } from "./name";
import { usePerson } from "./queries";

/** A person in a list that only knows the number. */
export function PersonLine({ id }: { id: number }) {
  const person = usePerson(id).data;
  if (!person) return <Skeleton height={34} className="hd-grow" />;
  const name = nameOf(person);
  const email = emailOf(person);
  return (
    <>
      <Avatar name={name} seed={person.id} size={34} />
      <span className="hd-grow">
        <Name>{name}</Name>
        {email && email !== name && <span className="hd-clip hd-dim hd-small" dir="ltr"><Ltr>{email}</Ltr></span>}
      </span>
    </>
  );
}
