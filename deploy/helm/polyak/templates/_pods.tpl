{{/* What all pods have in common. Together with the containers' part it satisfies the Pod Security level `restricted`. */}}

{{/* (root, role, seconds): the beginning of a pod's spec. */}}
{{- define "polyak.podDefaults" -}}
{{- $root := index . 0 -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ index . 2 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  # Else every start would walk through all checkpoints.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{/* (root, image of a pool or an empty dict) */}}
{{- define "polyak.container" -}}
{{- $root := index . 0 -}}
{{- $image := merge (deepCopy (index . 1)) $root.Values.image -}}
{{- if $image.digest }}
image: {{ printf "%s@%s" $image.repository $image.digest | quote }}
{{- else }}
image: {{ printf "%s:%s" $image.repository ($image.tag | default $root.Chart.AppVersion) | quote }}
{{- end }}
imagePullPolicy: {{ $image.pullPolicy | quote }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/*
  (scheme): on the port `metrics`. Servers and workers that wait for a coordinator are alive (/healthz): they go on without, and
  nothing would be better after a restart. They are not ready (/readyz), so that no rollout goes on before they attend.
*/}}
{{- define "polyak.probes" -}}
{{- $get := dict "path" "/healthz" "port" "metrics" "scheme" . }}
{{- $ready := dict "path" "/readyz" "port" "metrics" "scheme" . }}
startupProbe:
  httpGet: {{ toJson $get }}
  periodSeconds: 2
  failureThreshold: 90
readinessProbe:
  httpGet: {{ toJson $ready }}
  periodSeconds: 5
  timeoutSeconds: 3
livenessProbe:
  httpGet: {{ toJson $get }}
  periodSeconds: 15
  timeoutSeconds: 10
  failureThreshold: 4
{{- end -}}

{{/* How many worker processes the pod with most of them has: one for each GPU. Process i has its metrics at port 9352 + i. */}}
{{- define "polyak.workersOfPodMax" -}}
{{- $most := 1 -}}
{{- range .Values.pools -}}
{{- $most = max $most (int (get . "gpus" | default $.Values.workerDefaults.gpus)) -}}
{{- end -}}
{{- $most -}}
{{- end -}}

{{/* A nodeSelector and tolerations, of a role or a pool. */}}
{{- define "polyak.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* (root, component, topology keys): equal parts in each zone or on each node, as far as that goes. */}}
{{- define "polyak.spread" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- with index . 2 }}
topologySpreadConstraints:
  {{- range . }}
  - maxSkew: 1
    topologyKey: {{ . | quote }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "polyak.selector" (list $root $component) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "polyak.tlsEnvironment" -}}
{{- if .Values.tls.enabled }}
- { name: POLYAK_TLS_CERTIFICATE, value: /tls/tls.crt }
- { name: POLYAK_TLS_KEY, value: /tls/tls.key }
- { name: POLYAK_TLS_AUTHORITY, value: /tls/ca.crt }
{{- end }}
{{- end -}}

{{- define "polyak.tlsMount" -}}
{{- if .Values.tls.enabled }}
- { name: tls, mountPath: /tls, readOnly: true }
{{- end }}
{{- end -}}

{{/* (root, role) */}}
{{- define "polyak.tlsVolume" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.tls.enabled }}
- name: tls
  secret:
    secretName: {{ include "polyak.tlsSecret" . | quote }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/* A bucket's values: what a process that reads or writes it has in its environment. */}}
{{- define "polyak.bucketEnvironment" -}}
{{- if .enabled }}
{{- with .endpoint }}
- { name: AWS_ENDPOINT_URL, value: {{ . | quote }} }
{{- end }}
{{- with .region }}
- { name: AWS_REGION, value: {{ . | quote }} }
{{- end }}
{{- if not .anonymous }}
{{- $secret := .secretName }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $secret | quote }}, key: {{ . }} } }
{{- end }}
- name: AWS_SESSION_TOKEN
  valueFrom: { secretKeyRef: { name: {{ $secret | quote }}, key: AWS_SESSION_TOKEN, optional: true } }
{{- end }}
{{- end }}
{{- end -}}
