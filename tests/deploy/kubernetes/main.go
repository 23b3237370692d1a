// Validates manifests as the API server would, without one: strict decoding, defaulting, validation, and the restricted profile of
// pod security for every pod that is described.
//
// usage: validate FILE...   each with documents separated by "---"
package main

import (
	"bytes"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	autoscalingvalidation "k8s.io/kubernetes/pkg/apis/autoscaling/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	k8scorev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"
)

var podOptions = corevalidation.PodValidationOptions{}

func complain(err error) field.ErrorList {
	return field.ErrorList{field.InternalError(nil, err)}
}

// restricted holds a pod against the restricted profile, in the newest version that is known here.
func restricted(template *core.PodTemplateSpec) field.ErrorList {
	var spec corev1.PodSpec
	if err := k8scorev1.Convert_core_PodSpec_To_v1_PodSpec(&template.Spec, &spec, nil); err != nil {
		return complain(err)
	}
	evaluator, err := podsecurity.NewEvaluator(podsecurity.DefaultChecks())
	if err != nil {
		return complain(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	result := podsecurity.AggregateCheckResults(evaluator.EvaluatePod(level, &template.ObjectMeta, &spec))
	if !result.Allowed {
		return complain(fmt.Errorf("pod security: %s", result.ForbiddenDetail()))
	}
	return nil
}

func validate(object runtime.Object) field.ErrorList {
	switch it := object.(type) {
	case *apps.Deployment:
		return append(appsvalidation.ValidateDeployment(it, podOptions), restricted(&it.Spec.Template)...)
	case *core.Pod:
		template := core.PodTemplateSpec{ObjectMeta: it.ObjectMeta, Spec: it.Spec}
		return append(corevalidation.ValidatePodCreate(it, podOptions), restricted(&template)...)
	case *core.Service:
		if it.Spec.ClusterIP != "" && len(it.Spec.ClusterIPs) == 0 {
			it.Spec.ClusterIPs = []string{it.Spec.ClusterIP} // the server does so before it validates
		}
		return corevalidation.ValidateService(it)
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(it)
	case *core.PersistentVolumeClaim:
		return corevalidation.ValidatePersistentVolumeClaim(it, corevalidation.PersistentVolumeClaimSpecValidationOptions{})
	case *core.Namespace:
		return corevalidation.ValidateNamespace(it)
	case *autoscaling.HorizontalPodAutoscaler:
		return autoscalingvalidation.ValidateHorizontalPodAutoscaler(it)
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(it, policyvalidation.PodDisruptionBudgetValidationOptions{})
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(it, networkingvalidation.NetworkPolicyValidationOptions{})
	}
	return complain(fmt.Errorf("no validator for %T", object))
}

// setNamespace: objects without a namespace are validated as in one, as kubectl applies them
func setNamespace(object runtime.Object) {
	if it, ok := object.(interface {
		GetNamespace() string
		SetNamespace(string)
	}); ok && it.GetNamespace() == "" {
		if _, isNamespace := object.(*core.Namespace); !isNamespace {
			it.SetNamespace("default")
		}
	}
}

func check(path string, document []byte, decoder runtime.Decoder) bool {
	object, kind, err := decoder.Decode(document, nil, nil)
	if err != nil {
		fmt.Printf("not ok - %s: %v\n", path, err)
		return false
	}
	setNamespace(object)
	faults := validate(object)
	for _, fault := range faults {
		fmt.Printf("not ok - %s: %s: %v\n", path, kind.Kind, fault)
	}
	if len(faults) == 0 {
		fmt.Printf("ok - %s: %s is valid\n", path, kind.Kind)
	}
	return len(faults) == 0
}

func main() {
	good := true
	decoder := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDecoder()
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		if err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
		for _, document := range bytes.Split(text, []byte("\n---\n")) {
			good = check(path, document, decoder) && good
		}
	}
	if !good {
		os.Exit(1)
	}
}
