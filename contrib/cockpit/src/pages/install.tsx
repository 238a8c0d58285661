export function InstallPage() {
    return <div id="lpd-install" />;
}
