#!/usr/bin/env bash
# What only a real cluster can show of the chart: images that start, probes, names, volumes, network policies, drains, upgrades.
# It installs a release of its own in a namespace of its own, ends with another code than 0 at the first failure, and leaves the
# namespace behind then, to be looked at.
#
#   deploy/smoke.sh IMAGE [VALUES…]        such as: deploy/smoke.sh registry.example.org/polyak:0.1.0
#
# Needs helm, kubectl with the rights of a namespace's owner, and a default storage class. On kind: kind load docker-image polyak:0.1.0
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# == 0)); then
  echo "usage: deploy/smoke.sh IMAGE [VALUES…]" >&2
  exit 2
fi
image="$1"
shift
namespace="polyak-smoke-$$"
values=(--values deploy/helm/polyak/examples/baked-in.yaml --set "image.repository=${image%:*}" --set "image.tag=${image##*:}")
for file in "$@"; do values+=(--values "$file"); done

claim=beginning
step() {
  claim="$1"
  printf '\n== %s\n' "$claim"
}
failed() {
  trap - ERR
  printf '\nFAILED: %s; the namespace %s is left as it is\n' "$1" "$namespace" >&2
}
trap 'failed "$claim"' ERR
kube() { kubectl --namespace "$namespace" "$@"; }
# The Job of the examples, under another name and with the image that is tested.
sweep() {
  local name="$1"
  sed -e "s/digits-search$/$name/" -e "s#/runs/jobs/digits-search#/runs/jobs/$name#" -e "s#image: polyak:.*#image: $image#" \
    -e "s/\.training\./.$namespace./" deploy/helm/polyak/examples/sweep-job.yaml | kube apply --filename -
}
# Asked of the Job, which is there; a wait for pods that are still to come ends at once.
begun() { kube wait '--for=jsonpath={.status.ready}=1' --timeout=5m "job/$1"; }
finished() { kube wait --for=condition=complete --timeout=20m "job/$1"; }

step 'the namespace demands the Pod Security level restricted'
kubectl create namespace "$namespace"
kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted

step 'the API server knows every field'
helm template polyak deploy/helm/polyak --namespace "$namespace" "${values[@]}" \
  | kube apply --dry-run=server --validate=strict --filename -

step 'it installs, and every probe succeeds'
helm install polyak deploy/helm/polyak --namespace "$namespace" "${values[@]}" --wait --timeout 10m

step 'a training ends'
helm test polyak --namespace "$namespace" --timeout 10m --logs

step 'a sweep ends, though a server, a worker and the coordinator are deleted'
sweep killed
begun killed
for part in server worker-cpu coordinator; do
  kube delete pod --wait=false "$(kube get pods --selector="app.kubernetes.io/component=$part" --output=name | head -1 | sed 's#pod/##')"
  kube rollout status --timeout=5m "$(kube get statefulset,deployment --selector="app.kubernetes.io/component=$part" --output=name)"
done
finished killed

step 'a sweep is followed by the next pod when the first is evicted, and is one sweep'
sweep evicted
begun evicted
kube delete pod --selector=job-name=evicted
finished evicted

step 'an upgrade that changes the shards and the workers goes through'
helm upgrade polyak deploy/helm/polyak --namespace "$namespace" "${values[@]}" --set server.replicas=2 --set pools.cpu.replicas=3 \
  --wait --timeout 10m
sweep upgraded
finished upgraded

step 'an upgrade to an image that does not exist is taken back, and the old pods have gone on'
if helm upgrade polyak deploy/helm/polyak --namespace "$namespace" "${values[@]}" --set image.tag=no-such-tag --wait --timeout 1m; then
  failed 'an image that does not exist was rolled out'
  exit 1
fi
helm rollback polyak --namespace "$namespace"
# A StatefulSet does not replace a pod that has never been ready.
kube delete pod --selector=app.kubernetes.io/instance=polyak --field-selector=status.phase=Pending --wait=false
kube rollout status --timeout=5m statefulset/polyak-server
helm test polyak --namespace "$namespace" --timeout 10m

step 'a worker drains in time'
before="$(date +%s)"
kube delete pod "$(kube get pods --selector=polyak-role=worker --output=name | head -1 | sed 's#pod/##')"
(($(date +%s) - before <= 20))

step 'the runs outlive the release'
helm uninstall polyak --namespace "$namespace" --wait
kube get persistentvolumeclaim polyak-runs store-polyak-coordinator-0

kubectl delete namespace "$namespace"
printf '\nall is well\n'
