export function LockPage() {
    return <div id="lpd-lock" />;
}
