export function CvesPage() {
    return <div id="lpd-cves" />;
}
