{{/* How objects are called and found. What is a name is quoted where it is used: a release may be called y or 1e3. */}}

{{- define "polyak.fullname" -}}
{{- if not (regexMatch "^[a-z]" .Release.Name) -}}
{{- fail (printf "the release is named '%s'; Services need a name that begins with a letter" .Release.Name) -}}
{{- end -}}
{{- if contains "polyak" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-polyak" (.Release.Name | trunc 33 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* (root, component): what the pods of a part have for as long as they live. */}}
{{- define "polyak.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: polyak
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 | quote }}
{{- end -}}

{{/* (root, component) */}}
{{- define "polyak.labels" -}}
{{- $root := index . 0 -}}
{{ include "polyak.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | quote }}
{{- end -}}

{{/* What clients and processes are given as --coordinator. */}}
{{- define "polyak.coordinator" -}}
{{- printf "%s-coordinator.%s.svc:7350" (include "polyak.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "polyak.runsClaim" -}}
{{- .Values.runs.existingClaim | default (printf "%s-runs" (include "polyak.fullname" .)) -}}
{{- end -}}

{{/* Not empty where pods have the volume of the runs: with checkpoints in a bucket only if a claim is named. */}}
{{- define "polyak.hasRuns" -}}
{{- if or (not .Values.checkpoints.bucket.enabled) .Values.runs.existingClaim -}}true{{- end -}}
{{- end -}}

{{- define "polyak.storeSecret" -}}
{{- with .Values.coordinator.store.postgres -}}
{{- .secretName | default (printf "%s-store" (include "polyak.fullname" $)) -}}
{{- end -}}
{{- end -}}

{{/* (root, role): the Secret with tls.crt, tls.key and ca.crt of a role. */}}
{{- define "polyak.tlsSecret" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- index $root.Values.tls.secrets $role | default (printf "%s-%s-tls" (include "polyak.fullname" $root) $role) -}}
{{- end -}}

{{/* (root, role): JSON of the names by which a role is called, and those by which its certificate says which role it is. */}}
{{- define "polyak.tlsNames" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $fullname := include "polyak.fullname" $root -}}
{{- $namespace := $root.Release.Namespace -}}
{{- $names := list -}}
{{- $addresses := list -}}
{{- if eq $role "coordinator" -}}
{{- $coordinator := printf "%s-coordinator" $fullname -}}
{{- $names = list "localhost" $coordinator (printf "%s.%s" $coordinator $namespace) (printf "%s.%s.svc" $coordinator $namespace) -}}
{{- $addresses = list "127.0.0.1" -}}
{{- range $root.Values.tls.coordinatorNames -}}
{{- if regexMatch "^[0-9.]+$|:" . -}}{{- $addresses = append $addresses . -}}{{- else -}}{{- $names = append $names . -}}{{- end -}}
{{- end -}}
{{- else if eq $role "server" -}}
{{- $names = list (printf "*.%s-server.%s.svc" $fullname $namespace) -}}
{{- end -}}
{{- dict "names" $names "addresses" $addresses | toJson -}}
{{- end -}}
