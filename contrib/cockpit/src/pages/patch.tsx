export function PatchPage({ name }: { name: string }) {
    return <div id="lpd-patch">{name}</div>;
}
