(** * Discrete-time networks with an activation, followed in their pre-activations

    Technical after the vocabulary; the statements are in [Prototypical.v].

    The state is [s = sigma(p)] with the pre-activation [p = a(s, theta) - beta grad ell(s)],
    where [a = dPhi/ds] is [F N].  Followed in [p], the second phase with the nudge inside the
    activation is the second phase of [Dynamics.v] for the transition [p -> a(sigma(p), theta)],
    the nudge [grad ell(sigma(p))] and the rule of [Phi(sigma(p), theta)]; nothing has to be
    proved anew.  Its Jacobian is [J D] with [D = sigma'(a)], so the pre-activations'
    normalised updates tend to [-(J D)^t grad ell = -nabla_s(t)], and those of the states to
    [-D nabla_s(t)], the gradient in the pre-activation. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network AugmentedGradient.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Vocabulary *)

(** ** The same phase, followed in the pre-activations *)

Section Preactivation.
Variables (N : network) (sigma : State N -> State N) (D : State N -> State N).
Variables (DF : State N * Param N -> State N) (DPhi : State N * Param N -> Param N).
Local Notation St := (State N).
Local Notation Pa := (Param N).
Local Notation Z := (joint N).
Local Notation a := (a_star N).
Hypothesis primitive : has_primitive_function N.
Hypothesis HF : filterdiff (U := Z) (F N) (locally ((s_star N, theta N) : Z)) DF.
Hypothesis HPhi : filterdiff (U := Z) (Phi_theta N) (locally ((s_star N, theta N) : Z)) DPhi.
Hypothesis Hc : continuous (grad_ell N) (s_star N).
Hypothesis rest : activation_settled N sigma.
Hypothesis sigma_diff : activation_differentiable N sigma D.
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation C := (dPhi_theta_ds DPhi).

Let F_p (z : St * Pa) : St := F N (sigma (fst z), snd z).
Let grad_p (p : St) : St := grad_ell N (sigma p).
Let Phi_p (z : St * Pa) : Pa := Phi_theta N (sigma (fst z), snd z).
Let phase_p := nudged_phase F_p grad_p (ep_rule Phi_p) a (theta N).

Lemma sigma_a : sigma a = s_star N. Proof. exact rest. Qed.
Lemma D_linear : is_linear D. Proof. exact (proj1 (proj1 sigma_diff)). Qed.

Lemma conjugate beta eta t : inside_phase N sigma beta eta t = (sigma (fst (phase_p beta eta t)), snd (phase_p beta eta t)).
Proof.
induction t as [|t IH].
- simpl. now rewrite sigma_a.
- cbn [inside_phase]. rewrite IH. unfold phase_p. cbn [nudged_phase]. fold phase_p.
  unfold inside_step, nudged_step, ep_rule, F_p, grad_p, Phi_p. cbn [fst snd]. reflexivity.
Qed.

Lemma F_p_rest : F_p (a, theta N) = a.
Proof. unfold F_p; cbn [fst snd]. rewrite sigma_a. reflexivity. Qed.

Lemma sigma_pair_diff : filterdiff (U := Z) (V := Z) (fun z => (sigma (fst z), snd z)) (locally ((a, theta N) : Z)) (fun h => (D (fst h), snd h)).
Proof.
assert (D1 : filterdiff (U := Z) (fun z : Z => fst z) (locally ((a, theta N) : Z)) (fun h => fst h))
  by (apply filterdiff_linear, is_linear_fst).
assert (D2 : filterdiff (U := Z) (fun z : Z => snd z) (locally ((a, theta N) : Z)) (fun h => snd h))
  by (apply filterdiff_linear, is_linear_snd).
assert (D3 : filterdiff (U := Z) (fun z : Z => sigma (fst z)) (locally ((a, theta N) : Z)) (fun h => D (fst h)))
  by exact (@filterdiff_comp' R_AbsRing Z St St (fun z => fst z) sigma (a, theta N) _ _ D1 (proj1 sigma_diff)).
exact (filterdiff_pair D3 D2).
Qed.
Lemma F_p_diff : filterdiff (U := Z) F_p (locally ((a, theta N) : Z)) (fun h => DF (D (fst h), snd h)).
Proof.
assert (HF' := HF). rewrite <- sigma_a in HF'.
exact (@filterdiff_comp' R_AbsRing Z Z St _ (F N) (a, theta N) _ DF sigma_pair_diff HF').
Qed.
Lemma Phi_p_diff : filterdiff (U := Z) Phi_p (locally ((a, theta N) : Z)) (fun h => DPhi (D (fst h), snd h)).
Proof.
assert (HPhi' := HPhi). rewrite <- sigma_a in HPhi'.
exact (@filterdiff_comp' R_AbsRing Z Z Pa _ (Phi_theta N) (a, theta N) _ DPhi sigma_pair_diff HPhi').
Qed.
Lemma grad_p_cont : continuous grad_p a.
Proof.
unfold grad_p. apply (@continuous_comp _ _ _ sigma (grad_ell N)).
apply (@filterdiff_continuous R_AbsRing St St). exists D. exact (proj1 sigma_diff).
rewrite sigma_a. exact Hc.
Qed.

Local Notation J_p := (fun x => J (D x)).
Local Notation C_p := (fun x => C (D x)).
Lemma J_p_linear : is_linear J_p.
Proof. exact (@is_linear_comp R_AbsRing _ _ _ _ _ D_linear (@dF_ds_linear _ _ _ _ _ _ HF)). Qed.
Lemma C_p_linear : is_linear C_p.
Proof. exact (@is_linear_comp R_AbsRing _ _ _ _ _ D_linear (@dPhi_theta_ds_linear _ _ _ _ _ _ HPhi)). Qed.
Lemma B_linear : is_linear B.
Proof. exact (@dF_dtheta_linear _ _ _ _ _ _ HF). Qed.
Lemma F_p_diff_split : filterdiff (U := Z) F_p (locally ((a, theta N) : Z)) (fun h => plus (J_p (fst h)) (B (snd h))).
Proof.
eapply filterdiff_ext_lin. exact F_p_diff. intros h.
exact (@split_lin St Pa St DF (proj1 HF) (D (fst h), snd h)).
Qed.
Lemma rule_p_diff : filterdiff (U := prod_NormedModule R_AbsRing Z St) (ep_rule Phi_p)
   (locally (((a, theta N), a) : prod_NormedModule R_AbsRing Z St)) (fun h => C_p (minus (snd h) (fst (fst h)))).
Proof. exact (@ep_rule_diff _ _ _ _ _ _ Phi_p_diff). Qed.
Lemma rule_p_rest : ep_rule Phi_p ((a, theta N), a) = zero.
Proof. apply ep_rule_at_rest. Qed.

(** The limits, in terms of the recurrence. *)
Section Along.
Context {T : Type} (FF : (T -> Prop) -> Prop) {FFF : Filter FF}.
Variables (beta eta : T -> R).
Hypothesis Hb : filterlim beta FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => beta x <> 0).
Hypothesis Hk : filterlim (fun x => eta x / beta x) FF (locally (0:R)).

Lemma inside_limit_state t :
  filterlim (fun x => inside_Delta_state N sigma t (beta x) (eta x)) FF
    (locally (opp (D (iterate J_p t (grad_ell N (s_star N)))))).
Proof.
assert (L : forall t, filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (fst (phase_p (beta x) (eta x) t)) a)) FF
   (locally (fst (linear_phase St Pa grad_p a J_p B C_p 0 t)))).
{ intros t'. exact (@flim_fst T FF FFF St Pa _ _ (@nudged_phase_limit _ _ _ _ _ _ _ J_p B C_p F_p_rest rule_p_rest F_p_diff_split rule_p_diff grad_p_cont
   T FF FFF beta eta 0 Hb Hb0 Hk t')). }
assert (L' : forall t, filterlim (fun x => scal (/ beta x : R_AbsRing) (minus (sigma (fst (phase_p (beta x) (eta x) t))) (sigma a))) FF
   (locally (D (fst (linear_phase St Pa grad_p a J_p B C_p 0 t))))).
{ intros t'. exact (@hadamard T FF FFF St St sigma D a beta _ _ (proj1 sigma_diff) Hb Hb0 (L t')). }
assert (E : opp (D (iterate J_p t (grad_ell N (s_star N)))) =
   minus (D (fst (linear_phase St Pa grad_p a J_p B C_p 0 (1 + t)))) (D (fst (linear_phase St Pa grad_p a J_p B C_p 0 t)))).
{ assert (E1 := @linear_phase_increment St Pa grad_p a J_p B C_p J_p_linear B_linear C_p_linear 0 t).
  rewrite (iterate_ext (modified_jacobian J_p B C_p 0) J_p t (grad_p a) (@modified_jacobian_0 _ _ _ _ _)) in E1.
  unfold grad_p at 3 in E1. rewrite sigma_a in E1.
  transitivity (D (opp (iterate J_p t (grad_ell N (s_star N))))). symmetry; exact (linear_opp D _ D_linear).
  rewrite <- E1. exact (linear_minus D _ _ D_linear). }
rewrite E.
eapply filterlim_ext; [|exact (@flim_minus T FF FFF St _ _ _ _ (L' (1 + t)%nat) (L' t))].
intros x. cbv beta. unfold inside_Delta_state. rewrite !conjugate. cbn [fst]. module (State N).
Qed.
Lemma inside_limit_param t : FF (fun x => eta x <> 0) ->
  filterlim (fun x => inside_Delta_param N sigma t (beta x) (eta x)) FF
    (locally (opp (C (D (iterate J_p t (grad_ell N (s_star N))))))).
Proof.
intros He0.
destruct (@Delta_limit_closed _ _ _ _ _ _ _ J_p B C_p J_p_linear B_linear C_p_linear F_p_rest rule_p_rest F_p_diff_split rule_p_diff grad_p_cont
   T FF FFF beta eta 0 Hb Hb0 Hk t) as [_ [_ L]]. specialize (L He0).
rewrite (iterate_ext (modified_jacobian J_p B C_p 0) J_p t (grad_p a) (@modified_jacobian_0 _ _ _ _ _)) in L.
unfold grad_p at 2 in L. rewrite sigma_a in L.
assert (E : opp (C (D (iterate J_p t (grad_ell N (s_star N))))) = C (D (opp (iterate J_p t (grad_ell N (s_star N)))))).
{ symmetry. exact (linear_opp C_p _ C_p_linear). }
rewrite E. eapply filterlim_ext; [|exact L].
intros x. cbv beta. unfold inside_Delta_param. rewrite !conjugate. reflexivity.
Qed.
End Along.

End Preactivation.

(** ** The order of limits of the paper *)

Section InsideIterated.
Variables (N : network) (sigma : State N -> State N) (D : State N -> State N).
Variables (DF : State N * Param N -> State N) (DPhi : State N * Param N -> Param N).
Local Notation St := (State N).
Local Notation Pa := (Param N).
Local Notation Z := (joint N).
Local Notation a := (a_star N).
Hypothesis HF : filterdiff (U := Z) (F N) (locally ((s_star N, theta N) : Z)) DF.
Hypothesis HPhi : filterdiff (U := Z) (Phi_theta N) (locally ((s_star N, theta N) : Z)) DPhi.
Hypothesis near : continuous_nearby N.
Hypothesis Hc : continuous (grad_ell N) (s_star N).
Hypothesis rest : activation_settled N sigma.
Hypothesis sigma_diff : activation_differentiable N sigma D.
Hypothesis sigma_near : activation_continuous_nearby N sigma.
Let F_p (z : St * Pa) : St := F N (sigma (fst z), snd z).
Let grad_p (p : St) : St := grad_ell N (sigma p).
Let Phi_p (z : St * Pa) : Pa := Phi_theta N (sigma (fst z), snd z).
Let phase_p := nudged_phase F_p grad_p (ep_rule Phi_p) a (theta N).
Local Notation J_p := (fun x => dF_ds DF (D x)).
Local Notation C_p := (fun x => dPhi_theta_ds DPhi (D x)).
Local Notation B := (dF_dtheta DF).

Lemma sigma_tends : filterlim sigma (locally a) (locally (s_star N)).
Proof.
replace (locally (s_star N)) with (locally (sigma a)) by now rewrite (sigma_a rest).
apply (@filterdiff_continuous R_AbsRing St St). exists D. exact (proj1 sigma_diff).
Qed.
Lemma pair_tends : filterlim (fun z : Z => (sigma (fst z), snd z) : Z) (locally ((a, theta N) : Z)) (locally ((s_star N, theta N) : Z)).
Proof.
apply (@flim_pair Z _ _ St Pa).
eapply filterlim_comp. apply (@flim_fst Z _ _ St Pa (fun z => z) (a, theta N)). apply filterlim_id. exact sigma_tends.
apply (@flim_snd Z _ _ St Pa (fun z => z) (a, theta N)). apply filterlim_id.
Qed.
Lemma pair_cont_near : locally ((a, theta N) : Z) (fun z => continuous (fun z : Z => (sigma (fst z), snd z) : Z) z).
Proof.
assert (X : filterlim (fun z : Z => fst z) (locally ((a, theta N) : Z)) (locally a)).
{ apply (@flim_fst Z _ _ St Pa (fun z => z) (a, theta N)). apply filterlim_id. }
assert (Y := X _ sigma_near). unfold filtermap in Y.
refine (@filter_imp Z (locally ((a, theta N) : Z)) _ _ _ _ Y). intros [p th] Hp.
apply (@flim_pair Z _ _ St Pa).
eapply filterlim_comp. apply (@flim_fst Z _ _ St Pa (fun z => z) (p, th)). apply filterlim_id. exact Hp.
apply (@flim_snd Z _ _ St Pa (fun z => z) (p, th)). apply filterlim_id.
Qed.
Lemma F_p_near : locally ((a, theta N) : Z) (fun z => continuous (F_p : Z -> St) z).
Proof.
destruct near as [CF _]. assert (Y := pair_tends CF). unfold filtermap in Y.
refine (@filter_imp Z (locally ((a, theta N) : Z)) _ _ _ _ (filter_and _ _ Y pair_cont_near)).
intros z [H1 H2]. exact (filterlim_comp _ _ _ _ _ _ _ _ H2 H1).
Qed.
Lemma Phi_p_near : locally ((a, theta N) : Z) (fun z => continuous (Phi_p : Z -> Pa) z).
Proof.
destruct near as [_ [CF _]]. assert (Y := pair_tends CF). unfold filtermap in Y.
refine (@filter_imp Z (locally ((a, theta N) : Z)) _ _ _ _ (filter_and _ _ Y pair_cont_near)).
intros z [H1 H2]. exact (filterlim_comp _ _ _ _ _ _ _ _ H2 H1).
Qed.
Lemma grad_p_near : locally a (fun p => continuous grad_p p).
Proof.
destruct near as [_ [_ Cg]]. assert (Y := sigma_tends Cg). unfold filtermap in Y.
refine (@filter_imp St (locally a) _ _ _ _ (filter_and _ _ Y sigma_near)).
intros p [H1 H2]. exact (filterlim_comp _ _ _ _ _ _ _ _ H2 H1).
Qed.

Lemma inside_iterated t :
  iterated_limit (inside_Delta_state N sigma t) (opp (D (iterate J_p t (grad_ell N (s_star N))))) /\
  iterated_limit (inside_Delta_param N sigma t) (opp (dPhi_theta_ds DPhi (D (iterate J_p t (grad_ell N (s_star N)))))).
Proof.
assert (LJ := J_p_linear HF sigma_diff). assert (LB := @B_linear N DF HF). assert (LC := C_p_linear HPhi sigma_diff).
assert (Fr := F_p_rest rest). assert (Rr := @rule_p_rest N sigma).
assert (dFp := F_p_diff_split HF rest sigma_diff). assert (dRp := rule_p_diff HPhi rest sigma_diff).
assert (cg := grad_p_cont Hc rest sigma_diff).
assert (cR := @ep_rule_cont St Pa a (theta N) Phi_p Phi_p_near).
split.
- assert (B0 := @nudged_phase_beta0 _ _ _ _ _ _ _ J_p B C_p Fr Rr dFp dRp cg).
  assert (E0 := @nudged_phase_eta0 _ _ _ _ _ _ _ J_p B C_p Fr Rr dFp dRp cg F_p_near grad_p_near cR).
  exists (fun beta => inside_Delta_state N sigma t beta 0). split.
  2: exact (@inside_limit_state N sigma D DF DPhi HF HPhi Hc rest sigma_diff R (locally' (0:R)) _ (fun b => b) (fun _ => 0) id_to0' ne0' zero_div' t).
  assert (near_sigma : forall t', locally' (0:R) (fun b => continuous sigma (fst (phase_p b 0 t')))).
  { intros t'. exact (@flim_fst R (locally' (0:R)) _ St Pa _ _ (B0 t') _ sigma_near). }
  assert (HH := filter_and _ _ (filter_and _ _ (E0 t) (E0 (1 + t)%nat)) (filter_and _ _ (near_sigma t) (near_sigma (1 + t)%nat))).
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ HH). intros b [[I1 I2] [I3 I4]].
  apply (@flim_to' St).
  apply filterlim_ext with (fun e => scal (/ b : R_AbsRing) (minus (sigma (fst (phase_p b e (1 + t)))) (sigma (fst (phase_p b e t))))).
  { intros e. unfold inside_Delta_state. rewrite !(conjugate rest). reflexivity. }
  unfold inside_Delta_state. rewrite !(conjugate rest). cbn [fst].
  apply (@flim_scal R (locally (0:R)) _ St (fun _ => / b)). apply (@filterlim_const R R_UniformSpace (locally (0:R)) _ (/ b)).
  apply (@flim_minus R (locally (0:R)) _ St).
  eapply filterlim_comp. apply (@flim_fst R (locally (0:R)) _ St Pa _ _ I2). exact I4.
  eapply filterlim_comp. apply (@flim_fst R (locally (0:R)) _ St Pa _ _ I1). exact I3.
- destruct (@nudged_phase_iterated_limit _ _ _ _ _ _ _ J_p B C_p LJ LB LC Fr Rr dFp dRp cg F_p_near grad_p_near cR t) as [_ [D0 [L1 L2]]].
  exists D0. split.
  + refine (@filter_imp R (locally' (0:R)) _ _ _ _ L1). intros b. apply filterlim_ext. intros e.
    unfold inside_Delta_param. rewrite !(conjugate rest). reflexivity.
  + rewrite (sigma_a rest) in L2.
    assert (E : opp (dPhi_theta_ds DPhi (D (iterate J_p t (grad_ell N (s_star N))))) = C_p (opp (iterate J_p t (grad_ell N (s_star N))))).
    { symmetry. exact (linear_opp C_p _ LC). }
    rewrite E. exact L2.
Qed.
End InsideIterated.

(** ** BPTT through the activation: [J] and [D] are symmetric, their product is not *)

Section Bptt.
Variables (N : network) (sigma : State N -> State N) (D : State N -> State N).
Variables (DF : State N * Param N -> State N) (DPhi : State N * Param N -> Param N).
Local Notation St := (State N).
Local Notation Pa := (Param N).
Local Notation Z := (joint N).
Local Notation a := (a_star N).
Hypothesis primitive : has_primitive_function N.
Hypothesis HF : filterdiff (U := Z) (F N) (locally ((s_star N, theta N) : Z)) DF.
Hypothesis HPhi : filterdiff (U := Z) (Phi_theta N) (locally ((s_star N, theta N) : Z)) DPhi.
Hypothesis rest : activation_settled N sigma.
Hypothesis sigma_diff : activation_differentiable N sigma D.
Variables (l : St -> R) (g : St).
Hypothesis l_grad : is_gradient St (dot_state N) l (s_star N) g.
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation C := (dPhi_theta_ds DPhi).
Local Notation J_p := (fun x => J (D x)).
Let D_sym : forall x y, dot_state N (D x) y = dot_state N x (D y) := proj2 sigma_diff.
Let J_sym := @Potential.jacobian_symmetric _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ primitive _ _ HF HPhi.
Let B_adj := @mixed_derivative_adjoint _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ primitive _ _ HF HPhi.

Lemma transition_diff : filterdiff (U := Z) (transition N sigma) (locally ((s_star N, theta N) : Z)) (fun h => plus (D (J (fst h))) (D (B (snd h)))).
Proof.
eapply filterdiff_ext_lin.
exact (@filterdiff_comp' R_AbsRing Z St St (F N) sigma (s_star N, theta N) DF D HF (proj1 sigma_diff)).
intros h. cbv beta. rewrite (@split_lin St Pa St DF (proj1 HF) h).
exact (linear_plus D (D_linear sigma_diff) _ _).
Qed.

Lemma state_gradient t : is_gradient St (dot_state N) (fun s => l (free_phase (transition N sigma) (theta N) t s)) (s_star N) (iterate J_p t g).
Proof.
assert (LB := @is_linear_comp R_AbsRing _ _ _ _ _ (@B_linear N DF HF) (D_linear sigma_diff)).
assert (A : forall x y, dot_state N (D (J x)) y = dot_state N x (J (D y))).
{ intros x y. now rewrite D_sym, J_sym. }
assert (G := @bptt_gradient_state St Pa (dot_state N) (dot_state_inner N) (transition N sigma) l g (s_star N) (theta N)
  (fun x => D (J x)) (fun v => D (B v)) rest transition_diff l_grad LB J_p A t).
assert (E : nabla_s g J_p t = iterate J_p t g) by (clear; induction t; simpl; congruence).
rewrite E in G. exact G.
Qed.
Lemma preactivation_gradient t : is_preactivation_gradient N sigma l t (D (iterate J_p t g)).
Proof.
unfold is_preactivation_gradient, is_gradient.
assert (G := state_gradient t). unfold is_gradient in G. rewrite <- (sigma_a rest) in G.
eapply filterdiff_ext_lin.
exact (@filterdiff_comp' R_AbsRing St St R_NormedModule sigma _ a D _ (proj1 sigma_diff) G).
intros h. cbv beta. now rewrite (D_sym (iterate J_p t g)).
Qed.
Lemma parameter_gradient t : is_parameter_gradient N sigma l t (C (D (iterate J_p t g))).
Proof.
assert (LJ := @is_linear_comp R_AbsRing _ _ _ _ _ (@dF_ds_linear _ _ _ _ _ _ HF) (D_linear sigma_diff)).
assert (LB := @is_linear_comp R_AbsRing _ _ _ _ _ (@B_linear N DF HF) (D_linear sigma_diff)).
assert (A : forall x y, dot_state N (D (J x)) y = dot_state N x (J (D y))).
{ intros x y. now rewrite D_sym, J_sym. }
assert (A' : forall v y, dot_state N (D (B v)) y = dot_param N v (C (D y))).
{ intros v y. now rewrite D_sym, B_adj. }
assert (G := @bptt_gradient_param St Pa (dot_state N) (dot_param N) (dot_state_inner N) (dot_param_inner N) (transition N sigma) l g (s_star N) (theta N)
  (fun x => D (J x)) (fun v => D (B v)) rest transition_diff l_grad LJ LB J_p (fun y => C (D y)) A A' t).
unfold nabla_theta in G.
assert (E : nabla_s g J_p t = iterate J_p t g) by (clear; induction t; simpl; congruence).
rewrite E in G. exact G.
Qed.
End Bptt.
